// Reads what the host would run for a path, and what a process runs, without running it.

import type { Stats } from 'node:fs';
import { open, readlink, stat } from 'node:fs/promises';
import type { Program } from '../node/ports.ts';
import { unlessMissing } from './errors.ts';
import { resolveHostPath } from './files/paths.ts';

/** An ELF header's magic, or the `#!` line of a script. */
const HEAD_BYTES = 128;
/** Where systemd searches for a program without a slash in its name (systemd src/basic/path-util.h, DEFAULT_PATH_COMPAT). */
const SEARCHED = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** Returns the file that the host runs for this path or name; undefined when it is no regular file. */
export async function programAt(root: string, name: string): Promise<Program | undefined> {
  for (const path of name.includes('/') ? [name] : SEARCHED.map((folder) => `${folder}/${name}`)) {
    const file = await resolveHostPath(root, path);
    const program = await unlessMissing(programIn(file, file.slice(root.length)));
    if (program !== undefined) {
      return program;
    }
  }
  return undefined;
}

/** Returns the file that the process runs, also when it was replaced since; undefined when the process is gone. */
export async function programOf(proc: string, pid: number): Promise<Program | undefined> {
  const exe = `${proc}/${pid}/exe`;
  const link = await unlessMissing(readlink(exe));
  return link === undefined ? undefined : unlessMissing(programIn(exe, link.replace(/ \(deleted\)$/u, '')));
}

/** Changes when the file, its content or its attributes do. */
export function fileVersion({ dev, ino, size, mtimeMs, ctimeMs }: Stats): string {
  return [dev, ino, size, mtimeMs, ctimeMs].join(':');
}

async function programIn(opened: string, path: string): Promise<Program | undefined> {
  const before = await stat(opened);
  // A FIFO would keep `open` waiting.
  if (!before.isFile()) {
    return undefined;
  }
  const handle = await open(opened);
  try {
    const stats = await handle.stat();
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return {
      path,
      opened,
      head: buffer.toString('latin1', 0, bytesRead),
      file: `${stats.dev}:${stats.ino}`,
      version: fileVersion(stats),
    };
  } finally {
    await handle.close();
  }
}
