import { describe, expect, it } from 'vitest';
import { NO_SAMPLES, withSample } from '../../../../agent/cli/kubectl/dashboard/series.ts';
import type { Sample } from '../../../../agent/cli/kubectl/dashboard/messages.ts';

function sample(at: number, done: number): Sample {
  return { at, counts: { done, waiting: 10 - done, changing: 0, failed: 0, held: 0, lost: 0 } };
}

describe('the series of samples', () => {
  it('keeps one sample a second, and the newest always', () => {
    const { samples } = [0, 1000, 1250, 1500, 2000, 2250]
      .map((at) => sample(at, at % 7))
      .reduce(withSample, NO_SAMPLES);
    expect(samples.map(({ at }) => at)).toEqual([0, 1000, 2000, 2250]);
  });

  it('takes no room while nothing changes', () => {
    const quiet = Array.from({ length: 10_000 }, (_, at) => sample(at * 1000, 5));
    const { samples } = [...quiet, sample(10_000_000, 6)].reduce(withSample, NO_SAMPLES);
    expect(samples.map(({ at }) => at)).toEqual([0, 9_999_000, 10_000_000]);
  });

  it('stays bounded for a day of changes, from its first sample to its last', () => {
    const day = Array.from({ length: 86_400 }, (_, at) => sample(at * 1000, at % 11));
    const { samples } = day.reduce(withSample, NO_SAMPLES);
    expect(samples.length).toBeLessThanOrEqual(360);
    expect(samples.length).toBeGreaterThan(100);
    expect([samples[0]?.at, samples.at(-1)?.at]).toEqual([0, 86_399_000]);
  });
});
