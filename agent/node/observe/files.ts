// The files that decide how the kubelet starts next, and the room to write them.

import type { ConfigFile, ConfigSources } from '../../kubelet/config.ts';
import type { configPaths } from '../../kubelet/running.ts';
import type { EnvironmentFileOnDisk, KubeletUnit } from '../../kubelet/unit.ts';
import { settleAll } from '../../time/settle.ts';
import { NotRegularFileError } from '../not-regular.ts';
import type { HostFiles, Shortage, Systemd, RollbackTimer, UnitStatus } from '../ports.ts';
import { STATE_DIR } from '../../names.ts';

export interface FileOnDisk {
  readonly path: string;
  readonly content: Uint8Array | undefined;
}

/** `path` is an environment file, the agent's own folder, or what arming the undo switch writes. */
export interface ShortOfSpace {
  readonly path: string;
  readonly shortage: Shortage;
}

/** For the journal, the memory, and all else of the agent's own. */
const LEAST_FREE_BYTES = 1024 * 1024;
/** The file itself, the new one beside it, and both in the journal. */
const TIMES_FILE_SIZE = 4;
const EMPTY = new Uint8Array();

/** `irregular` are the environment files that read as empty. Throws a NotRegularFileError for all others that are no regular files. */
export async function readUnit(
  { systemd, files }: { readonly systemd: Systemd; readonly files: HostFiles },
  status: UnitStatus,
): Promise<{ readonly unit: KubeletUnit; readonly irregular: readonly NotRegularFileError[] }> {
  const [systemdVersion, ...entries] = await settleAll([
    systemd.version(),
    ...status.environmentFiles.map((entry) => readEntry(files, entry)),
  ]);
  const { name, execStart, environment } = status;
  const found = entries.flat();
  return {
    unit: {
      name,
      execStart,
      environment,
      environmentFiles: found.map(({ file }) => file),
      systemdVersion,
    },
    irregular: found.flatMap(({ irregular }) => irregular ?? []),
  };
}

function isGlob(path: string): boolean {
  return /[*?[]/u.test(path);
}

/** The files of one EnvironmentFile=, a glob pattern perhaps. */
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
      return { file: { path: name, optional, fromGlob, content }, irregular };
    }),
  );
}

/** The unit's own files, for telling whether they are still the same; what is no regular file counts as none. */
export function readUnitFiles(
  files: HostFiles,
  { fragmentPath, dropInPaths }: UnitStatus,
): Promise<readonly FileOnDisk[]> {
  const paths = [fragmentPath, ...dropInPaths].filter((path) => path !== '');
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

/** What the kubelet reads of its --config-dir (kubernetes cmd/kubelet/app/server.go, mergeKubeletConfigurations). */
export async function findDropIns(
  files: Pick<HostFiles, 'walk'>,
  configDir: string,
): Promise<readonly string[]> {
  return (await files.walk(configDir)).filter((path) => path.endsWith('.conf'));
}

/** The config file and the drop-ins that a kubelet with these paths reads. Throws a NotRegularFileError as `readUnit` does. */
export async function readConfig(
  files: HostFiles,
  { config, configDir }: ReturnType<typeof configPaths>,
): Promise<ConfigSources> {
  const fileAt = async (path: string): Promise<ConfigFile | undefined> => {
    const content = await read(files, path);
    return content && { path, content };
  };
  const [file, dropIns] = await settleAll([
    config === undefined ? undefined : fileAt(config),
    configDir === undefined ? [] : findDropIns(files, configDir),
  ]);
  const found = await settleAll(dropIns.map(fileAt));
  return { config: file, dropIns: found.filter((dropIn) => dropIn !== undefined) };
}

/** What the file systems lack for a change of one of the unit's environment files, and for the journal and the undo switch before it. */
export async function findShortages(
  {
    files,
    rollbackTimer,
  }: { readonly files: HostFiles; readonly rollbackTimer: Pick<RollbackTimer, 'paths'> },
  { name, environmentFiles }: KubeletUnit,
): Promise<readonly ShortOfSpace[]> {
  const sizes = environmentFiles.map(({ path, content }) => ({ path, size: content?.length ?? 0 }));
  const largest = Math.max(0, ...sizes.map(({ size }) => size));
  const ofSwitch = rollbackTimer.paths(name).map((path) => ({ path, size: 0 }));
  const found = await settleAll(
    [...sizes, { path: STATE_DIR, size: largest }, ...ofSwitch].map(async ({ path, size }) => {
      const inIt = path === STATE_DIR ? `${path}/any` : path;
      const shortage = await files.shortage(inIt, LEAST_FREE_BYTES + TIMES_FILE_SIZE * size);
      return shortage === undefined ? [] : [{ path, shortage }];
    }),
  );
  return found.flat();
}

/** The null device reads as the empty file that systemd and the kubelet take it for. */
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
