// How much of a tier runs: what fits into `npm test`, or all of it.

export type Length = 'short' | 'long';

/** Returns the form that the environment variable names, by default the short one; throws when it names neither. */
export function lengthIn(variable: string): Length {
  const text = process.env[variable] ?? 'short';
  if (text === 'short' || text === 'long') return text;
  throw new Error(`Expected ${variable} to be short or long, got ${text}`);
}

/** The form of the end-to-end tests. */
export const LENGTH = lengthIn('KUBELET_SYSCTLS_E2E');

/** The value for the form of the end-to-end tests that runs. */
export function byLength<T>(values: Readonly<Record<Length, T>>): T {
  return values[LENGTH];
}
