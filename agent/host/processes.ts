// Reads the host's processes through /proc (the pod runs with hostPID) and the version of its kubelet binary.

import { readFile, stat } from 'node:fs/promises';
import { release } from 'node:os';
import type { Processes } from '../node/ports.ts';
import type { RunOnHost } from './commands.ts';
import { unlessMissing } from './errors.ts';
import { resolveHostPath } from './files/paths.ts';

/** The host's processes below `proc`, by PID in the host's namespace. `root` is the host's root folder. */
export function hostProcesses(root: string, run: RunOnHost, proc = '/proc'): Processes {
  // The binary is run again only after it was replaced: running it costs more than the rest of a reconciliation.
  const answered = new Map<string, { identity: string; version: string }>();

  return {
    argv: (pid) => nulSeparated(`${proc}/${pid}/cmdline`),

    async environment(pid, name) {
      const entries = await nulSeparated(`${proc}/${pid}/environ`);
      return entries?.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
    },

    async kubeletVersion(binary, flags) {
      const identity = await fileIdentity(await resolveHostPath(root, binary));
      const question = [binary, ...flags, '--version'];
      const known = answered.get(question.join('\0'));
      if (known?.identity === identity) {
        return known.version;
      }
      const version = await run(question, { timeoutMs: 10_000 });
      answered.clear();
      answered.set(question.join('\0'), { identity, version });
      return version;
    },

    kernelRelease: () => Promise.resolve(release()),
  };
}

async function nulSeparated(path: string): Promise<string[] | undefined> {
  const text = await unlessMissing(readFile(path, 'utf8'));
  return text === undefined || text === '' ? undefined : text.replace(/\0$/, '').split('\0');
}

async function fileIdentity(path: string): Promise<string> {
  const { dev, ino, size, mtimeMs, ctimeMs } = await stat(path);
  return [dev, ino, size, mtimeMs, ctimeMs].join(':');
}
