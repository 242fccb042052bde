import { fc } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { detectReverts, revertedTwice } from '../../../agent/node/decide/revert-detection.ts';
import type { PastChange } from '../../../agent/node/state/state-store.ts';
import { sha256Of } from '../../../agent/text/hash.ts';

const FILE = '/etc/default/kubelet';
const NOW = new Date('2026-11-24T12:00:00Z');
const THEIRS = 'KUBELET_EXTRA_ARGS=--v=2\n';
const OURS = 'KUBELET_EXTRA_ARGS=--v=2 --allowed-unsafe-sysctls=kernel.sem\n';
const OTHER = 'KUBELET_EXTRA_ARGS=--v=2 --allowed-unsafe-sysctls=kernel.msgmax\n';

function bytes(text: string | undefined): Uint8Array | undefined {
  return text === undefined ? undefined : Buffer.from(text);
}

/** undefined: no file. */
function changed(
  before: string | undefined,
  after: string | undefined,
  more: Partial<PastChange> = {},
): PastChange {
  return {
    at: '2026-11-24T10:00:00.000Z',
    reason: '',
    revision: 'a',
    file: FILE,
    before: sha256Of(bytes(before)),
    after: sha256Of(bytes(after)),
    from: [],
    to: [],
    result: 'Done',
    ...more,
  };
}

function isReverted(history: readonly PastChange[], content: string | undefined, revision = 'a'): boolean {
  const file = { path: FILE, content: bytes(content) };
  return detectReverts(history, file, { revision, now: NOW }) !== undefined;
}

describe('detectReverts', () => {
  test('returns both changes and until when the file is left alone', () => {
    const history = [
      changed(THEIRS, OURS, { at: '2026-11-24T10:00:00.000Z' }),
      changed(THEIRS, OURS, { at: '2026-11-24T11:00:00.000Z' }),
    ];

    expect(
      detectReverts(history, { path: FILE, content: bytes(THEIRS) }, { revision: 'a', now: NOW }),
    ).toEqual({
      at: ['2026-11-24T10:00:00.000Z', '2026-11-24T11:00:00.000Z'],
      until: new Date('2026-11-25T10:00:00.000Z'),
    });
  });

  test('detects a file that is removed each time', () => {
    expect(isReverted([changed(undefined, OURS), changed(undefined, OURS)], undefined)).toBe(true);
  });

  const once = [changed(THEIRS, OURS)];
  const twice = [changed(THEIRS, OURS), changed(THEIRS, OURS)];

  test.for<{ what: string; history: readonly PastChange[]; now: string | undefined; revision?: string }>([
    { what: 'nothing was changed yet', history: [], now: THEIRS },
    { what: 'it was reverted once', history: once, now: THEIRS },
    { what: 'the file is as the agent left it', history: twice, now: OURS },
    { what: 'the file has other bytes now', history: twice, now: `${THEIRS}#` },
    { what: 'the file is gone now', history: twice, now: undefined },
    { what: 'the policy wants something else', history: twice, now: THEIRS, revision: 'b' },
    {
      what: 'the first change began from other bytes',
      history: [changed('', OURS), changed(THEIRS, OURS)],
      now: THEIRS,
    },
    {
      what: 'the first change is a day old',
      history: [changed(THEIRS, OURS, { at: '2026-11-23T12:00:00.000Z' }), changed(THEIRS, OURS)],
      now: THEIRS,
    },
    {
      what: 'it was another file',
      history: twice.map((change) => ({ ...change, file: '/etc/sysconfig/kubelet' })),
      now: THEIRS,
    },
    {
      what: 'the changes were rolled back by the agent',
      history: twice.map((change) => ({ ...change, result: 'RolledBack' as const })),
      now: THEIRS,
    },
    {
      what: 'one of them was undone by the host',
      history: [changed(THEIRS, OURS), changed(THEIRS, OURS, { result: 'Undone' })],
      now: THEIRS,
    },
    {
      what: 'the policy went back and forth',
      history: [
        changed(THEIRS, OURS),
        changed(OURS, OTHER, { revision: 'b' }),
        changed(OTHER, OURS),
        changed(OURS, OTHER, { revision: 'b' }),
        changed(OTHER, OURS),
        changed(OURS, OTHER, { revision: 'b' }),
      ],
      now: OTHER,
    },
    {
      what: 'the agent itself took its flag out in between',
      history: [
        changed(THEIRS, OURS),
        changed(OURS, THEIRS, { revision: 'none' }),
        changed(THEIRS, OURS),
        changed(OURS, THEIRS, { revision: 'none' }),
      ],
      now: THEIRS,
    },
    {
      what: 'there was another policy in between, for which the file needed nothing',
      history: [changed(THEIRS, OURS), changed(OURS, OURS, { revision: 'b' }), changed(THEIRS, OURS)],
      now: THEIRS,
    },
  ])('detects nothing when $what', ({ history, now, revision }) => {
    expect(isReverted(history, now, revision)).toBe(false);
  });

  test('detects reverts across a restart of the same revision that changed no file', () => {
    expect(isReverted([changed(THEIRS, OURS), changed(OURS, OURS), changed(THEIRS, OURS)], THEIRS)).toBe(
      true,
    );
  });

  test('detects reverts across a failed change in between', () => {
    const failed = changed(THEIRS, OURS, { result: 'RolledBack' });

    expect(isReverted([changed(THEIRS, OURS), failed, changed(THEIRS, OURS)], THEIRS)).toBe(true);
  });

  test('detects reverts also when the clock was set back since', () => {
    const later = twice.map((change) => ({ ...change, at: '2026-11-24T13:00:00.000Z' }));

    expect(isReverted(later, THEIRS)).toBe(true);
  });
});

describe('revertedTwice', () => {
  const text = fc.constantFrom('0', '1', '2');
  const revision = fc.constantFrom('a', 'b');

  test('detects nothing when only the agent wrote the file', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(revision, text), { maxLength: 12 }), text, (steps, first) => {
        let content = first;
        const history = steps.map(([by, next]) => {
          const change = changed(content, next, { revision: by });
          content = next;
          return change;
        });

        expect(revertedTwice(history, { path: FILE, content: bytes(content) })).toBeUndefined();
      }),
    );
  });
});
