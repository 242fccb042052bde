// What a node's `reason` says, for a person.

import type { Drift } from '../plan/drift.ts';
import type { Refused } from '../plan/plan.ts';
import type { Desired } from '../policy/desired.ts';

/** Why the file is not edited, and where in it the fault is. */
export function refusalReason({ file, line, byte, message }: Refused): string {
  const where = [
    line === undefined ? [] : [`line ${line}`],
    byte === undefined ? [] : [`byte ${byte}`],
  ].flat();
  return `${[file, ...where].join(', ')}: ${message} Until then the file is left alone.`;
}

/** What a node has that is where the policy wants it, and what a person may still want to know. */
export function doneReason(desired: Desired, drift: Drift): string {
  const count = desired.allowances.length;
  const parts = [
    count === 0
      ? 'The policy asks for no allowance on this node.'
      : `The kubelet runs with ${count === 1 ? 'the desired allowance' : `all ${count} desired allowances`}.`,
  ];
  if (desired.safe.length > 0) {
    parts.push(`Already safe on this kubelet, not needed: ${desired.safe.join(', ')}.`);
  }
  parts.push(
    ...desired.unsupported.map(({ pattern, message }) => `Not allowed here: ${pattern}: ${message}`),
  );
  if (drift.unmanaged.length > 0) {
    parts.push(
      `Kept, though the policy does not ask for it: ${drift.unmanaged.map(({ pattern }) => pattern).join(', ')}.`,
    );
  }
  return parts.join(' ');
}
