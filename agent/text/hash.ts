// A hash that identifies bytes.

import { createHash } from 'node:crypto';

/** Returns the SHA-256 in hexadecimal; null for undefined, as for a file that does not exist. */
export function sha256Of(bytes: Uint8Array | undefined): string | null {
  return bytes === undefined ? null : createHash('sha256').update(bytes).digest('hex');
}
