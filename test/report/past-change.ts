// Finished changes, for tests.

import type { PastChange } from '../../agent/report/past-change.ts';

/** A change that succeeded, `minute` minutes after two o'clock. */
export function pastChange(minute: number, facts: Partial<PastChange> = {}): PastChange {
  return {
    at: new Date(Date.UTC(2026, 10, 24, 2, minute)).toISOString(),
    reason: 'Adds net.core.somaxconn to KUBELET_EXTRA_ARGS in /etc/default/kubelet.',
    revision: 'b6b9734149',
    resourceVersion: '4711',
    file: '/etc/default/kubelet',
    before: 'a'.repeat(64),
    after: 'b'.repeat(64),
    from: ['kernel.sem'],
    to: ['kernel.sem', 'net.core.somaxconn'],
    result: 'Done',
    ...facts,
  };
}
