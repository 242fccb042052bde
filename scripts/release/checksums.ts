// Checksums of a folder's files, as sha256sum writes and checks them.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

export interface Checksum {
  readonly name: string;
  /** In hexadecimal. */
  readonly sha256: string;
}

/** Returns the checksums of all files of a folder, by name. */
export async function checksumsIn(folder: string): Promise<readonly Checksum[]> {
  const names = (await readdir(folder)).toSorted();
  return Promise.all(names.map(async (name) => ({ name, sha256: await sha256Of(join(folder, name)) })));
}

/** Returns a file's checksum in hexadecimal. */
export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** Returns the text of SHA256SUMS, for `sha256sum --check`. */
export function sumsText(checksums: readonly Checksum[]): string {
  return checksums.map(({ name, sha256 }) => `${sha256}  ${name}\n`).join('');
}
