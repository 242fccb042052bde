// Archives that have the same bytes for the same files: sorted, with one time, and with the same owner and modes for all.

import { readdir } from 'node:fs/promises';
import { tool } from '../bed/build/tool.ts';

export interface Packed {
  /** All that is in this folder. */
  readonly folder: string;
  /** The archive; it is compressed unless its name ends in `.tar`. */
  readonly out: string;
  /** The time of every entry, in seconds since 1970. */
  readonly epoch: number;
}

const ONE_OWNER = ['--owner=0', '--group=0', '--numeric-owner', '--mode=u=rwX,go=rX'];
/** Node's own gzip would give other bytes on another kind of processor. */
const GZIP = '--use-compress-program=gzip -n -9';

/** Writes the archive with GNU tar and gzip; throws a ToolError with their output. */
export async function pack({ folder, out, epoch }: Packed): Promise<void> {
  const names = (await readdir(folder)).toSorted();
  const compressed = out.endsWith('.tar') ? [] : [GZIP];
  const same = ['--format=ustar', '--sort=name', `--mtime=@${epoch}`, ...ONE_OWNER, ...compressed];
  await tool(['tar', '--create', ...same, '--file', out, '--directory', folder, '--', ...names]);
}
