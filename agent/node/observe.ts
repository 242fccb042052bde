// All that one look at the node tells: the unit, its files, the kubelet that runs and the one that would start.

import type { ConfigSources } from '../kubelet/config.ts';
import { nextArgv } from '../kubelet/configured.ts';
import { configPaths, healthEndpoint, runningAllowances } from '../kubelet/running.ts';
import type { EnvironmentFileOnDisk, KubeletUnit } from '../kubelet/unit.ts';
import { parseVersion, type Version } from '../sysctl/version.ts';
import { errorText } from '../text/error-text.ts';
import { kubeletErrorLine } from './kubelet-error.ts';
import type { HostFiles, Processes, Systemd, UnitStatus } from './ports.ts';

export interface ObservePorts {
  readonly systemd: Systemd;
  readonly files: HostFiles;
  readonly processes: Processes;
}

export interface Observation {
  readonly kind: 'seen';
  readonly status: UnitStatus;
  readonly unit: KubeletUnit;
  /** The unit's own files, for telling whether a situation is still the same. */
  readonly unitFiles: readonly FileOnDisk[];
  readonly config: ConfigSources;
  /** The allowances of the kubelet process that runs; undefined while none does. */
  readonly running: readonly string[] | undefined;
  readonly healthz: { readonly address: string; readonly port: number } | undefined;
  readonly kubelet: Version;
  readonly kernel: Version | undefined;
  /** Why the kubelet ended, in its own words, while it does not run. */
  readonly errorLine: string | undefined;
  /** The files and folders that say something about the next start. */
  readonly watch: readonly string[];
}

/** A node whose kubelet is not systemd's, or not one that we can ask. */
export interface Unobservable {
  readonly kind: 'unreconcilable';
  readonly reason: string;
  readonly watch: readonly string[];
}

export interface FileOnDisk {
  readonly path: string;
  readonly content: Uint8Array | undefined;
}

export const UNIT = 'kubelet.service';
/** systemd keeps a link a unit here and replaces it at every start. */
const INVOCATIONS_FOLDER = '/run/systemd/units';
/** Any valid allowance: the version is asked with the flag, so a kubelet that no longer knows it is found out. */
const FLAG_WE_USE = '--allowed-unsafe-sysctls=net.core.somaxconn';

/** Throws when the host cannot be asked at all. */
export async function observe(ports: ObservePorts): Promise<Observation | Unobservable> {
  const status = await findUnit(ports.systemd);
  if (typeof status === 'string') {
    return { kind: 'unreconcilable', reason: status, watch: [`${INVOCATIONS_FOLDER}/`] };
  }
  const unit = await readUnit(ports, status);
  const argv = nextArgv(unit);
  const { config: configFile, configDir } = configPaths(argv);
  const watch = watchedPaths(status, unit, configFile, configDir);

  const [config, unitFiles, runningArgv, version] = await Promise.all([
    readConfig(ports.files, configFile, configDir),
    readAll(
      ports.files,
      [status.fragmentPath, ...status.dropInPaths].filter((path) => path !== ''),
    ),
    status.mainPid === 0 ? undefined : ports.processes.argv(status.mainPid),
    kubeletVersion(ports.processes, argv[0]),
  ]);
  if (typeof version === 'string') {
    return { kind: 'unreconcilable', reason: version, watch };
  }
  return {
    kind: 'seen',
    status,
    unit,
    unitFiles,
    config,
    running: runningArgv === undefined ? undefined : runningAllowances(runningArgv, config),
    healthz: healthEndpoint(argv, config),
    kubelet: version,
    kernel: parseVersion(await ports.processes.kernelRelease()),
    errorLine: runningArgv === undefined ? await errorLine(ports.systemd, status) : undefined,
    watch,
  };
}

/** The kubelet's unit, or what was found instead. */
async function findUnit(systemd: Systemd): Promise<UnitStatus | string> {
  const usual = await systemd.status(UNIT);
  if (usual.loadState !== 'not-found') {
    return usual;
  }
  const others = await systemd.services('*kubelet*');
  const [only] = others;
  return others.length === 1 && only !== undefined
    ? systemd.status(only)
    : `Expected a systemd unit ${UNIT}, found ${others.length === 0 ? 'no unit of a kubelet' : others.join(', ')}. ` +
        'On this node the kubelet is started by something else: set its allowed unsafe sysctls there.';
}

async function readUnit({ systemd, files }: ObservePorts, status: UnitStatus): Promise<KubeletUnit> {
  const environmentFiles: EnvironmentFileOnDisk[] = [];
  for (const { path, optional } of status.environmentFiles) {
    const fromGlob = /[*?[]/u.test(path);
    for (const file of fromGlob ? await files.glob(path) : [path]) {
      environmentFiles.push({ path: file, optional, fromGlob, content: await files.read(file) });
    }
  }
  return {
    name: status.name,
    execStart: status.execStart,
    environment: status.environment,
    environmentFiles,
    systemdVersion: await systemd.version(),
  };
}

async function readConfig(
  files: HostFiles,
  configFile: string | undefined,
  configDir: string | undefined,
): Promise<ConfigSources> {
  const content = configFile === undefined ? undefined : await files.read(configFile);
  const dropIns = configDir === undefined ? [] : await files.glob(`${configDir}/**/*.conf`);
  return {
    config: configFile === undefined || content === undefined ? undefined : { path: configFile, content },
    dropIns: (await readAll(files, dropIns)).flatMap(({ path, content: bytes }) =>
      bytes === undefined ? [] : [{ path, content: bytes }],
    ),
  };
}

function readAll(files: HostFiles, paths: readonly string[]): Promise<FileOnDisk[]> {
  return Promise.all(paths.map(async (path) => ({ path, content: await files.read(path) })));
}

async function kubeletVersion(processes: Processes, binary: string | undefined): Promise<Version | string> {
  if (binary === undefined) {
    return 'Expected the unit to start a kubelet, got no ExecStart.';
  }
  try {
    const answer = await processes.kubeletVersion(binary, [FLAG_WE_USE]);
    return parseVersion(answer) ?? `Expected ${binary} --version to print a version, got ${answer}`;
  } catch (error) {
    return `${binary} does not take --allowed-unsafe-sysctls: ${errorText(error)}`;
  }
}

async function errorLine(systemd: Systemd, status: UnitStatus): Promise<string | undefined> {
  return status.invocationId === ''
    ? undefined
    : kubeletErrorLine(await systemd.journal(status.name, status.invocationId));
}

function watchedPaths(
  status: UnitStatus,
  unit: KubeletUnit,
  configFile: string | undefined,
  configDir: string | undefined,
): string[] {
  return [
    ...unit.environmentFiles.map(({ path }) => path),
    ...(configFile === undefined ? [] : [configFile]),
    ...(configDir === undefined ? [] : [`${configDir}/`]),
    ...[status.fragmentPath, ...status.dropInPaths].filter((path) => path !== ''),
    `/etc/systemd/system/${status.name}.d/`,
    `${INVOCATIONS_FOLDER}/invocation:${status.name}`,
  ];
}
