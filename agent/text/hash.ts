// Bytes told apart.

import { createHash } from 'node:crypto';

/** SHA-256 in hexadecimal; null stands for no bytes at all, as of a file that is not there. */
export function sha256Of(bytes: Uint8Array | undefined): string | null {
  return bytes === undefined ? null : createHash('sha256').update(bytes).digest('hex');
}
