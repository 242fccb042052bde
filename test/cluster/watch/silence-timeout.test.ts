import { describe, expect, it } from 'vitest';
import { TimeoutError } from '../../../agent/cluster/http/errors.ts';
import { SilenceTimeout } from '../../../agent/cluster/watch/silence-timeout.ts';

describe('SilenceTimeout', () => {
  it('the timeout doubles each time the list shows that the silence hid nothing, up to twenty minutes', () => {
    const { silence } = begun();
    const timeouts = Array.from({ length: 5 }, () => {
      hidNothing(silence);
      return silence.begin();
    });
    expect(timeouts).toEqual([180_000, 360_000, 720_000, 1_200_000, 1_200_000]);
  });

  it('the timeout is the configured one again after a silence that hid a change', () => {
    const { silence } = begun();
    hidNothing(silence);
    silence.failed(new TimeoutError('stream', 180_000));
    silence.listed(true);
    expect(silence.begin()).toBe(90_000);
  });

  it('a list that follows another failure does not change the timeout', () => {
    const { silence } = begun();
    hidNothing(silence);
    silence.failed(new TimeoutError('answer', 16_000));
    silence.listed(true);
    expect(silence.begin()).toBe(180_000);
  });

  it('the timeout is the configured one again once two bookmarks of one watch came within it', () => {
    const { silence, clock } = begun();
    hidNothing(silence);
    silence.begin();
    silence.bookmark();
    expect(silence.begin()).toBe(180_000);
    silence.bookmark();
    clock.ms += 90_001;
    silence.bookmark();
    expect(silence.begin()).toBe(180_000);
    silence.bookmark();
    clock.ms += 90_000;
    silence.bookmark();
    expect(silence.begin()).toBe(90_000);
  });
});

function begun(): { silence: SilenceTimeout; clock: { ms: number } } {
  const clock = { ms: 0 };
  return { silence: new SilenceTimeout({ silenceMs: 90_000, now: () => clock.ms }), clock };
}

function hidNothing(silence: SilenceTimeout): void {
  silence.failed(new TimeoutError('stream', 90_000));
  silence.listed(false);
}
