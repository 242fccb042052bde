// Why a ConfigMap is no policy, in a few lines for a person.

import type { PolicyError } from '../policy/policy.ts';

/** More than this is not read at once; the rest shows when these are mended. */
const MAX_SHOWN = 5;

/** One error a line, as `allowedUnsafeSysctls, line 2: …`, and how many more there are. Empty for no errors. */
export function policyErrorText(errors: readonly PolicyError[]): string {
  const shown = errors.slice(0, MAX_SHOWN).map(lineOf);
  const more = errors.length - shown.length;
  return more > 0 ? [...shown, `and ${more} more`].join('\n') : shown.join('\n');
}

function lineOf({ key, line, message }: PolicyError): string {
  return key === '' ? message : `${key}, line ${line}: ${message}`;
}
