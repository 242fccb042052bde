// Reads and writes the host's files through /proc/1/root.

import { lstatSync, renameSync, unlinkSync } from 'node:fs';
import { constants, glob, lstat, mkdir, open, rm, rmdir, stat, symlink } from 'node:fs/promises';
import { execa } from 'execa';
import { basename, dirname, join } from 'node:path';
import { ChangedFileError } from '../../node/changed-file.ts';
import type { HostFiles, WriteOptions } from '../../node/ports.ts';
import { sha256Of } from '../../text/hash.ts';
import type { RunOnHost } from '../commands.ts';
import { isEacces, isMissing, isNotEmpty, isReadOnly, isThere, unlessMissing } from '../errors.ts';
import { resolveHostPath } from './paths.ts';
import { isRegular, readRegular } from './regular.ts';
import { shortageIn } from './space.ts';
import { createTemporaryFiles } from './temporary.ts';
import { createTurns } from './turns.ts';
import { walkHost } from './walk.ts';

/** Prefix of a command that needs root capabilities which the pod does not have. */
const THROUGH_SYSTEMD = ['systemd-run', '--quiet', '--wait', '--collect'];
const NEW_FILE_MODE = 0o644;

/** The host's files below `root`. `run` is used only for files whose owner this process lacks the capabilities for. */
export function hostFiles(root: string, run: RunOnHost): HostFiles {
  const resolve = (path: string): Promise<string> => resolveHostPath(root, path);
  const temporaries = createTemporaryFiles();
  const ofPath = createTurns();
  const ofTarget = createTurns();
  /** Runs writes and removals of one path in the order of the calls, and those of one file through several paths one at a time. */
  const inTurn = <T>(path: string, action: (target: string) => Promise<T>): Promise<T> =>
    ofPath(path, async () => {
      const target = await resolve(path);
      return ofTarget(target, () => action(target));
    });

  async function write(
    target: string,
    path: string,
    content: Uint8Array,
    { mode, expected, needsFolder }: WriteOptions,
  ): Promise<void> {
    const there = await isRegular(target, path);
    const folder = dirname(target);
    if (needsFolder !== true) {
      await mkdir(folder, { recursive: true, mode: folderMode(mode ?? NEW_FILE_MODE) });
    }
    await temporaries.tidy(target);
    await temporaries.with(target, async (temporary) => {
      const keeps = mode === undefined && there;
      await writeNew(temporary, content, keeps ? undefined : (mode ?? NEW_FILE_MODE), () =>
        copyAttributes(root, target, temporary, run),
      );
      // A rename would replace whatever is there by now.
      await isRegular(target, path);
      await expectContent(target, path, expected, () => renameSync(temporary, target));
    });
    await syncFolder(folder);
  }

  /**
   * Runs `act` on a file that holds what is expected. Between the last comparison and `act` this process does nothing else: however
   * late the answer of the read comes, another party's write is seen.
   */
  async function expectContent(
    target: string,
    path: string,
    expected: WriteOptions['expected'],
    act: () => void,
  ): Promise<void> {
    if (expected === undefined) {
      act();
      return;
    }
    const seen = versionOf(target);
    const found = await readIfThere(target, path, run);
    if (sha256Of(found) !== sha256Of(expected.content) || versionOf(target) !== seen) {
      throw new ChangedFileError(path);
    }
    act();
  }

  return {
    read: async (path) => readIfThere(await resolve(path), path, run),

    changedAt: async (path) => (await unlessMissing(stat(await resolve(path))))?.ctime,

    realPath: async (path) => (await resolve(path)).slice(root.length),

    async glob(pattern) {
      const found: string[] = [];
      for await (const path of glob(root + pattern)) {
        found.push(path.slice(root.length));
      }
      return found.toSorted();
    },

    async walk(path) {
      const found = await walkHost(root, path);
      return found.filter(({ isFolder }) => !isFolder).map(({ path: file }) => file);
    },

    writeAtomic: (path, content, options = {}) =>
      inTurn(path, (target) => write(target, path, content, options)),

    tidy: (path) => inTurn(path, (target) => temporaries.tidy(target)),

    remove: (path, { expected } = {}) =>
      inTurn(path, async (target) => {
        try {
          if (!(await isRegular(target, path))) {
            return false;
          }
          await expectContent(target, path, expected, () => unlinkSync(target));
        } catch (error) {
          if (isMissing(error)) {
            return false;
          }
          throw error;
        }
        await syncFolder(dirname(target));
        return true;
      }),

    async link(path, target) {
      const folder = await resolve(dirname(path));
      await mkdir(folder, { recursive: true, mode: folderMode(NEW_FILE_MODE) });
      try {
        await symlink(target, join(folder, basename(path)));
      } catch (error) {
        if (!isThere(error)) {
          throw error;
        }
      }
      await syncFolder(folder);
    },

    async unlink(path) {
      const folder = await resolve(dirname(path));
      // On a read-only file system, even removing a missing file fails.
      if (!(await exists(folder))) {
        return;
      }
      if (await exists(join(folder, basename(path)))) {
        await rm(join(folder, basename(path)), { force: true });
      }
      try {
        await rmdir(folder);
      } catch (error) {
        if (!isMissing(error) && !isNotEmpty(error) && !isReadOnly(error)) {
          throw error;
        }
      }
    },

    async removeFolder(path) {
      await rm(await resolve(path), { recursive: true, force: true });
    },

    shortage: async (path, bytes) => shortageIn(root, dirname(await resolve(path)), bytes),
  };
}

/** Differs when the file was written or replaced; undefined when there is none. */
function versionOf(path: string): string | undefined {
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return stats && [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(':');
}

async function exists(path: string): Promise<boolean> {
  return (await unlessMissing(lstat(path))) !== undefined;
}

/** The file's bytes; undefined when it does not exist. Throws a NotRegularFileError for anything but a regular file. */
async function readIfThere(target: string, path: string, run: RunOnHost): Promise<Uint8Array | undefined> {
  try {
    return await unlessMissing(readRegular(target, path));
  } catch (error) {
    if (isEacces(error)) {
      return readOnHost(path, run);
    }
    throw error;
  }
}

/**
 * Reads through the host's systemd: a file of another owner without read permission for others needs CAP_DAC_OVERRIDE, which the
 * pod does not have. The command prints base64, since its output is decoded as text.
 */
async function readOnHost(path: string, run: RunOnHost): Promise<Uint8Array> {
  const read = ['base64', '--wrap=0', '--', path];
  return Buffer.from(await run([...THROUGH_SYSTEMD, '--pipe', '--', ...read]), 'base64');
}

/** The mode of a new folder: each class that may read the file may enter the folder. */
function folderMode(fileMode: number): number {
  return fileMode | 0o100 | ((fileMode & 0o044) >> 2);
}

/** Writes and syncs a new file, with `mode` or, when undefined, with the attributes that `copy` sets. Throws when the file exists. */
async function writeNew(
  path: string,
  content: Uint8Array,
  mode: number | undefined,
  copy: () => Promise<void>,
): Promise<void> {
  const file = await open(path, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o600);
  try {
    await file.writeFile(content);
    await (mode === undefined ? copy() : file.chmod(mode));
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Copies mode, owner and extended attributes with coreutils' cp: Node has no call for extended attributes. */
async function copyAttributes(root: string, from: string, to: string, run: RunOnHost): Promise<void> {
  const cp = ['cp', '--attributes-only', '--preserve=mode,ownership,xattr', '--'];
  const { failed } = await execa('cp', [...cp.slice(1), from, to], { reject: false, stdin: 'ignore' });
  if (failed) {
    // An owner other than root needs CAP_CHOWN, which the pod does not have; the host's systemd does.
    const onHost = [from, to].map((path) => path.slice(root.length));
    await run([...THROUGH_SYSTEMD, '--', ...cp, ...onHost]);
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
