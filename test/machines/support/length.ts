// How much of the machines' cases runs: what fits into minutes, or all of it (`npm run machines`).

import { type Length, lengthIn } from '../../e2e/support/length.ts';

export const LENGTH = lengthIn('KUBELET_SYSCTLS_MACHINES');

/** Returns the value for the form that runs. */
export function byLength<T>(values: Readonly<Record<Length, T>>): T {
  return values[LENGTH];
}
