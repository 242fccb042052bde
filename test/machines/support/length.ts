// How much of the machines' cases runs: what fits into minutes, or all of it (`npm run machines`).

const VARIABLE = 'KUBELET_SYSCTLS_MACHINES';

/** Returns the value for the form that runs; throws when the variable names none. */
export function byLength<T>(values: { readonly short: T; readonly long: T }): T {
  const text = process.env[VARIABLE] ?? 'short';
  if (text === 'short' || text === 'long') return values[text];
  throw new Error(`Expected ${VARIABLE} to be short or long, got ${text}`);
}
