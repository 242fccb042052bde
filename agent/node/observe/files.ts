// The files that decide how the kubelet starts next, and the disk space to write them.

import { posix } from 'node:path';
import type { ConfigFile, ConfigFolder, ConfigSources } from '../../kubelet/config.ts';
import type { configPaths } from '../../kubelet/running.ts';
import {
  DROP_IN_NAME,
  NULL_DEVICE,
  type EnvironmentFileOnDisk,
  type KubeletUnit,
} from '../../kubelet/unit.ts';
import { settleAll } from '../../time/settle.ts';
import { NotRegularFileError } from '../not-regular.ts';
import type { HostFiles, Shortage, Systemd, RollbackTimer, UnitStatus } from '../ports.ts';
import { STATE_DIR } from '../../names.ts';

export interface FileOnDisk {
  readonly path: string;
  readonly content: Uint8Array | undefined;
}

/** `path` is an environment file, the agent's own folder, or a file that arming the rollback timer writes. */
export interface ShortOfSpace {
  readonly path: string;
  readonly shortage: Shortage;
}

/** For the journal, state.json and the agent's other files. */
const LEAST_FREE_BYTES = 1024 * 1024;
/** The file, its new version beside it, and both in the journal. */
const TIMES_FILE_SIZE = 4;
const EMPTY = new Uint8Array();

/**
 * Reads the unit's environment files. `irregular`: null devices, which read as empty. Throws a NotRegularFileError for any other
 * that is not a regular file.
 */
export async function readUnit(
  { systemd, files }: { readonly systemd: Systemd; readonly files: HostFiles },
  status: UnitStatus,
): Promise<{ readonly unit: KubeletUnit; readonly irregular: readonly NotRegularFileError[] }> {
  const [systemdVersion, ...entries] = await settleAll([
    systemd.version(),
    ...status.environmentFiles.map((entry) => readEntry(files, entry)),
  ]);
  const { name, execStart, environment, startPre = [] } = status;
  const found = entries.flat();
  return {
    unit: {
      name,
      execStart,
      environment,
      startPre,
      environmentFiles: found.map(({ file }) => file),
      systemdVersion,
    },
    irregular: found.flatMap(({ irregular }) => irregular ?? []),
  };
}

function isGlob(path: string): boolean {
  return /[*?[]/u.test(path);
}

/** Reads the files of one EnvironmentFile=, which may be a glob pattern. Throws as `readUnit`. */
export async function readEntry(
  files: HostFiles,
  { path, optional }: UnitStatus['environmentFiles'][number],
): Promise<readonly { file: EnvironmentFileOnDisk; irregular: NotRegularFileError | undefined }[]> {
  const fromGlob = isGlob(path);
  const found = fromGlob ? await files.glob(path) : [path];
  return settleAll(
    found.map(async (name) => {
      let irregular: NotRegularFileError | undefined;
      const content = await read(files, name, (error) => {
        irregular = error;
      });
      const leadsTo = irregular === undefined ? await files.realPath(name) : NULL_DEVICE;
      const folder = name.replace(/\/[^/]*$/u, '/');
      const folderMissing = content === undefined && (await files.changedAt(folder)) === undefined;
      const file = {
        path: name,
        optional,
        fromGlob,
        content,
        ...(leadsTo !== name && { leadsTo }),
        ...(folderMissing && { folderMissing }),
      };
      return { file, irregular };
    }),
  );
}

/** Reads these files; a path that is not a regular file counts as missing. */
export function readUnitFiles(files: HostFiles, paths: readonly string[]): Promise<readonly FileOnDisk[]> {
  return settleAll(
    paths.map(async (path) => {
      try {
        return { path, content: await files.read(path) };
      } catch (error) {
        if (error instanceof NotRegularFileError) {
          return { path, content: undefined };
        }
        throw error;
      }
    }),
  );
}

/** Returns the files of its --config-dir that the kubelet reads (kubernetes cmd/kubelet/app/server.go, mergeKubeletConfigurations). */
export async function findDropIns(
  files: Pick<HostFiles, 'walk'>,
  configDir: string,
): Promise<readonly string[]> {
  return (await files.walk(configDir)).filter((path) => path.endsWith('.conf'));
}

/** Reads the config file and the drop-ins of a kubelet with these paths. Throws a NotRegularFileError as `readUnit`. */
export async function readConfig(
  files: HostFiles,
  { config, configDir }: ReturnType<typeof configPaths>,
): Promise<ConfigSources> {
  const fileAt = async (path: string): Promise<ConfigFile | undefined> => {
    const content = await read(files, path);
    return content && { path, content };
  };
  const [file, dropIns, folder] = await settleAll([
    config === undefined ? undefined : fileAt(config),
    configDir === undefined ? [] : findDropIns(files, configDir),
    configDir === undefined ? undefined : configFolder(files, configDir),
  ]);
  const found = await settleAll(dropIns.map(fileAt));
  return {
    config: file,
    dropIns: found.filter((dropIn) => dropIn !== undefined),
    ...(folder && { folder }),
  };
}

async function configFolder(files: HostFiles, path: string): Promise<ConfigFolder> {
  const [[first], changedAt] = await settleAll([files.walk(path), files.changedAt(path)]);
  // A walk returns the path itself when it is not a folder.
  const isOther = first !== undefined && posix.relative(first, path) === '';
  return { path, state: isOther ? 'other' : changedAt === undefined ? 'missing' : 'folder' };
}

/** Returns what the file systems lack for a change of the unit's environment files or of the agent's drop-in, the journal, the rollback timer and the boot unit. */
export async function findShortages(
  {
    files,
    rollbackTimer,
  }: { readonly files: HostFiles; readonly rollbackTimer: Pick<RollbackTimer, 'paths'> },
  { name, environmentFiles }: KubeletUnit,
  { folder }: ConfigSources,
): Promise<readonly ShortOfSpace[]> {
  const sizes = environmentFiles.map(({ path, content }) => ({ path, size: content?.length ?? 0 }));
  const dropIn = folder === undefined ? [] : [{ path: posix.join(folder.path, DROP_IN_NAME), size: 0 }];
  const largest = Math.max(0, ...sizes.map(({ size }) => size));
  const ofTimer = rollbackTimer.paths(name).map((path) => ({ path, size: 0 }));
  const found = await settleAll(
    [...sizes, ...dropIn, { path: STATE_DIR, size: largest }, ...ofTimer].map(async ({ path, size }) => {
      const inside = path === STATE_DIR ? `${path}/any` : path;
      const shortage = await files.shortage(inside, LEAST_FREE_BYTES + TIMES_FILE_SIZE * size);
      return shortage === undefined ? [] : [{ path, shortage }];
    }),
  );
  return found.flat();
}

/** Reads the null device as an empty file, as systemd and the kubelet do. */
async function read(
  files: HostFiles,
  path: string,
  onEmpty: (error: NotRegularFileError) => void = () => {},
): Promise<Uint8Array | undefined> {
  try {
    return await files.read(path);
  } catch (error) {
    if (error instanceof NotRegularFileError && error.readsAsEmpty) {
      onEmpty(error);
      return EMPTY;
    }
    throw error;
  }
}
