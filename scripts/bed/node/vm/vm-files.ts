// Files of a virtual machine, by commands in it: its disk belongs to its kernel.

import { dirname } from 'node:path';
import type { Outcome, RunOptions } from '../../build/run.ts';
import type { NodeFiles } from '../files.ts';

interface Access {
  readonly exec: (argv: readonly string[], options?: RunOptions) => Promise<Outcome>;
  readonly copyIn: (from: string, path: string) => Promise<void>;
}

/** What a script exits with when there is no such file. */
const NONE = 44;

export function vmFiles({ exec, copyIn }: Access): NodeFiles {
  const script = (text: string, args: readonly string[], options?: RunOptions): Promise<Outcome> =>
    exec(['sh', '-c', text, 'sh', ...args], options);
  const ifThere = async (text: string, path: string): Promise<string | undefined> => {
    const { stdout, stderr, exitCode } = await script(`[ -e "$1" ] || exit ${NONE}; ${text}`, [path], {
      reject: false,
    });
    if (exitCode === NONE) return undefined;
    if (exitCode === 0) return stdout;
    throw new Error(
      `Expected to read ${path} in the virtual machine, got exit status ${exitCode}: ${stderr}`,
    );
  };
  const makeFolder = (path: string): Promise<Outcome> => exec(['mkdir', '-p', dirname(path)]);
  const setMode = async (path: string, mode: number | undefined): Promise<void> => {
    if (mode !== undefined) await exec(['chmod', mode.toString(8), path]);
  };
  return {
    async read(path) {
      const text = await ifThere('base64 --wrap=0 "$1"', path);
      return text === undefined ? undefined : Buffer.from(text, 'base64');
    },
    async write(path, content, mode) {
      await makeFolder(path);
      const input = Buffer.from(content).toString('base64');
      await script('base64 --decode >"$1"', [path], { input });
      await setMode(path, mode);
    },
    async copyIn(from, path, mode) {
      await makeFolder(path);
      await copyIn(from, path);
      await setMode(path, mode);
    },
    remove: async (path) => void (await exec(['rm', '-rf', path])),
    async facts(path) {
      const text = await ifThere('stat --dereference --format="%a %u %g %i %.9Y" "$1"', path);
      if (text === undefined) return undefined;
      const [mode = '', uid, gid, inode, modified = ''] = text.split(' ');
      return {
        mode: Number.parseInt(mode, 8),
        uid: Number(uid),
        gid: Number(gid),
        inode: Number(inode),
        modifiedNs: BigInt(modified.replace('.', '')),
      };
    },
    async names(folder) {
      const text = await ifThere(String.raw`find "$1" -mindepth 1 -maxdepth 1 -printf "%f\0"`, `${folder}/`);
      return text?.split('\0').slice(0, -1) ?? [];
    },
    async appears(path, timeoutMs) {
      const waits = 'until [ -e "$1" ]; do sleep 0.02; done';
      const limit = ['timeout', `${timeoutMs / 1000}`];
      return (await exec([...limit, 'sh', '-c', waits, 'sh', path], { reject: false })).exitCode === 0;
    },
  };
}
