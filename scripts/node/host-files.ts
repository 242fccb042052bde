// Files of a node, by their paths on the node.

import { chmod, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { BedNode } from '../bed/bed.ts';

type Place = Pick<BedNode, 'path'>;

export interface FileFacts {
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Inode and change time: they differ after every write, by rename or in place. */
  readonly inode: number;
  readonly modifiedNs: bigint;
}

/** Returns the bytes; undefined when there is no such file. */
export async function readHostFile(node: Place, path: string): Promise<Buffer | undefined> {
  return ifThere(readFile(node.path(path)));
}

/** Writes in place, as `echo >` does; creates missing folders. */
export async function writeHostFile(
  node: Place,
  path: string,
  content: string | Uint8Array,
  mode?: number,
): Promise<void> {
  await mkdir(dirname(node.path(path)), { recursive: true });
  await writeFile(node.path(path), content);
  if (mode !== undefined) await chmod(node.path(path), mode);
}

export async function removeHostFile(node: Place, path: string): Promise<void> {
  await rm(node.path(path), { force: true, recursive: true });
}

/** undefined when there is no such file. */
export async function hostFileFacts(node: Place, path: string): Promise<FileFacts | undefined> {
  const found = await ifThere(stat(node.path(path), { bigint: true }));
  return (
    found && {
      mode: Number(found.mode) & 0o7777,
      uid: Number(found.uid),
      gid: Number(found.gid),
      inode: Number(found.ino),
      modifiedNs: found.mtimeNs,
    }
  );
}

async function ifThere<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) {
      return undefined;
    }
    throw error;
  }
}
