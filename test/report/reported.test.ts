import { fc } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { annotationsOf } from '../../agent/report/annotations.ts';
import { KEYS } from '../../agent/names.ts';
import { reportedLists } from '../../agent/report/reported.ts';

const names = fc.uniqueArray(fc.constantFrom('net.a', 'net.b.*', 'kernel.sem', 'kernel.shm*', 'user.x'));
const origin = fc.constantFrom(
  'KUBELET_EXTRA_ARGS in /etc/default/kubelet, line 3',
  'allowedUnsafeSysctls in /var/lib/kubelet/config.yaml',
);

describe('reportedLists', () => {
  it('parses the annotations that a report wrote', () => {
    const unmanaged = fc.uniqueArray(
      fc.record({ pattern: fc.constantFrom('net.c', 'kernel.msg*'), origin }),
      {
        selector: ({ pattern }) => pattern,
      },
    );
    fc.assert(
      fc.property(names, names, names, unmanaged, (running, missing, coming, others) => {
        const fresh = coming.filter((name) => !running.includes(name));
        const written = annotationsOf({
          state: 'Done',
          reason: '',
          reasonCode: undefined,
          desired: [],
          profiles: undefined,
          running,
          allows: undefined,
          drift: { missing, unmanaged: others, pendingRestart: fresh.map((name) => `+${name}`) },
          policyError: undefined,
          desiredRevision: undefined,
          appliedRevision: undefined,
          failedRevision: undefined,
          lastChange: undefined,
          history: undefined,
        });
        const annotations = Object.fromEntries(
          Object.entries(written).filter((entry): entry is [string, string] => entry[1] !== undefined),
        );
        expect(reportedLists(annotations)).toEqual({
          running,
          configured: [...running, ...fresh],
          unmanaged: others,
        });
      }),
    );
  });

  it('does not count as configured what is allowed only until the next restart', () => {
    const annotations = { [KEYS.running]: 'net.a,net.b', [KEYS.drift]: 'pending restart: +net.c, -net.b' };
    expect(reportedLists(annotations)).toEqual({
      running: ['net.a', 'net.b'],
      configured: ['net.a', 'net.c'],
      unmanaged: [],
    });
  });

  it('leaves out the last item of a list that was cut', () => {
    expect(reportedLists({ [KEYS.running]: 'net.a,net.lo…' })?.running).toEqual(['net.a']);
  });

  it('returns undefined for a node without the running annotation', () => {
    expect(reportedLists({})).toBeUndefined();
  });
});
