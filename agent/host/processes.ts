// Reads the host's processes through /proc (the pod runs with hostPID) and the version of its kubelet binary.

import { open, readFile } from 'node:fs/promises';
import { release } from 'node:os';
import type { Processes, Program, ProgramAnswer } from '../node/ports.ts';
import { HostCommandError, type RunOnHost } from './commands.ts';
import { confinementOf } from './confinement.ts';
import { unlessMissing } from './errors.ts';
import { fileVersion, programAt, programOf } from './programs.ts';

/** So many answers are kept: those of the running kubelet and of the next. */
const KEPT_ANSWERS = 4;
/** nsenter could not run the program, or did not find it. */
const NOT_RUN = [126, 127];

/** The host's processes below `proc`, by PID in the host's namespace. `root` is the host's root folder. */
export function hostProcesses(root: string, run: RunOnHost, proc = '/proc'): Processes {
  // A refusal is kept as well: running the binary costs more than the rest of a reconciliation.
  const answers = new Map<string, ProgramAnswer>();

  return {
    argv: (pid) => nulSeparated(`${proc}/${pid}/cmdline`),

    async environment(pid, name) {
      const entries = await nulSeparated(`${proc}/${pid}/environ`);
      return entries?.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
    },

    programAt: (path) => programAt(root, path),

    programOf: (pid) => programOf(proc, pid),

    async kubeletVersion(kubelet, flags, options) {
      const question = [kubelet.version, ...flags].join('\0');
      const known = answers.get(question);
      if (known !== undefined || !options.run) {
        return known;
      }
      const answer = await answerOf(run, kubelet, [...flags, '--version']);
      const [oldest] = answers.keys();
      if (answers.size === KEPT_ANSWERS && oldest !== undefined) {
        answers.delete(oldest);
      }
      answers.set(question, answer);
      return answer;
    },

    confinement: () => confinementOf(proc),

    kernelRelease: () => Promise.resolve(release()),
  };
}

/** Runs the file that was read before, by a descriptor: its path may lead to another by now, a script that starts a kubelet. */
async function answerOf(run: RunOnHost, kubelet: Program, args: readonly string[]): Promise<ProgramAnswer> {
  const handle = await open(kubelet.opened);
  try {
    if (fileVersion(await handle.stat()) !== kubelet.version) {
      throw new Error(`${kubelet.path} was replaced while the agent read it`);
    }
    const file = `/proc/${process.pid}/fd/${handle.fd}`;
    return { ok: true, output: await run([kubelet.path, ...args], { timeoutMs: 10_000, file }) };
  } catch (error) {
    const isAnswer =
      error instanceof HostCommandError && error.exitCode !== undefined && !NOT_RUN.includes(error.exitCode);
    if (isAnswer) {
      return { ok: false, output: error.stderr };
    }
    throw error;
  } finally {
    await handle.close();
  }
}

async function nulSeparated(path: string): Promise<string[] | undefined> {
  const text = await unlessMissing(readFile(path, 'utf8'));
  return text === undefined || text === '' ? undefined : text.replace(/\0$/, '').split('\0');
}
