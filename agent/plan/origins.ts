// Whose the allowances of a plan are.

import type { Configured, Origin } from '../kubelet/configured.ts';
import type { Merge } from './merge.ts';

/** Returns the allowances of other parties. A copy of the config files' list belongs to the config file. */
export function unmanagedOf(
  after: Pick<Configured, 'allowances' | 'inConfig'>,
  wanted: readonly string[],
  merge: Merge,
): Origin[] {
  const found = after.allowances
    .filter(({ pattern }) => !wanted.includes(pattern))
    .map((allowance) =>
      merge.remember.folded.includes(allowance.pattern)
        ? (after.inConfig.find(({ pattern }) => pattern === allowance.pattern) ?? allowance)
        : allowance,
    );
  return found.filter(
    (one, index) =>
      found.findIndex(({ pattern, origin }) => pattern === one.pattern && origin === one.origin) === index,
  );
}

/** Returns the allowances without duplicates. */
export function patternsOf(origins: readonly Origin[]): string[] {
  return [...new Set(origins.map(({ pattern }) => pattern))];
}
