// Formats the errors of a ConfigMap in a few lines for a person.

import type { PolicyError } from '../policy/policy.ts';

/** The others show when these are fixed. */
const MAX_SHOWN = 5;

/** Returns one error a line, as `allowedUnsafeSysctls, line 2: …`, then the number of others. Empty for no errors. */
export function policyErrorText(errors: readonly PolicyError[]): string {
  const shown = errors.slice(0, MAX_SHOWN).map(lineOf);
  const more = errors.length - shown.length;
  return more > 0 ? [...shown, `and ${more} more`].join('\n') : shown.join('\n');
}

function lineOf({ key, line, message }: PolicyError): string {
  return key === '' ? message : `${key}, line ${line}: ${message}`;
}
