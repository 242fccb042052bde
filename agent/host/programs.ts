// Reads what the host would run for a path, and what a process runs, without running it.

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
    const real = file.slice(root.length);
    const program = await unlessMissing(programIn(file, { path: real, command: real }));
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
  return link === undefined
    ? undefined
    : unlessMissing(
        programIn(exe, { path: link.replace(/ \(deleted\)$/u, ''), command: `/proc/${pid}/exe` }),
      );
}

async function programIn(
  file: string,
  names: Pick<Program, 'path' | 'command'>,
): Promise<Program | undefined> {
  const before = await stat(file);
  // A FIFO would keep `open` waiting.
  if (!before.isFile()) {
    return undefined;
  }
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    const { dev, ino, size, mtimeMs, ctimeMs } = await handle.stat();
    return {
      ...names,
      head: buffer.toString('latin1', 0, bytesRead),
      file: `${dev}:${ino}`,
      version: [dev, ino, size, mtimeMs, ctimeMs].join(':'),
    };
  } finally {
    await handle.close();
  }
}
