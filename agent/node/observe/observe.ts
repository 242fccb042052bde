// All that one observation of the node says: the unit, its files, the kubelet that runs and the one that would start.

import type { ConfigSources } from '../../kubelet/config.ts';
import { nextArgv } from '../../kubelet/configured.ts';
import { configPaths, healthEndpoint } from '../../kubelet/running.ts';
import type { KubeletUnit } from '../../kubelet/unit.ts';
import { parseVersion, type Version } from '../../sysctl/version.ts';
import { errorText } from '../../text/error-text.ts';
import { settleAll } from '../../time/settle.ts';
import { kubeletErrorLine } from './kubelet-log.ts';
import { type KubeletProcess, observeProcess, type ProcessPorts } from './kubelet-process.ts';
import type { AgentState } from '../state/state-store.ts';
import { NotRegularFileError } from '../not-regular.ts';
import type { Endpoint } from './health.ts';
import {
  findShortages,
  readConfig,
  readUnit,
  readUnitFiles,
  type FileOnDisk,
  type ShortOfSpace,
} from './files.ts';
import type { Processes, Systemd, RollbackTimer, UnitStatus } from '../ports.ts';
import { maskedReason, notRegularReason } from './reasons.ts';

export interface ObservePorts extends ProcessPorts {
  readonly systemd: Systemd;
  readonly rollbackTimer: Pick<RollbackTimer, 'paths'>;
}

export interface Observation extends KubeletProcess {
  readonly kind: 'seen';
  readonly status: UnitStatus;
  readonly unit: KubeletUnit;
  /** The unit's own files, for telling whether a situation is still the same. */
  readonly unitFiles: readonly FileOnDisk[];
  readonly config: ConfigSources;
  /** Where the next kubelet answers healthz; undefined when its configuration turns that off. */
  readonly healthz: Endpoint | undefined;
  readonly kubelet: Version;
  readonly kernel: Version | undefined;
  /** Why the kubelet ended, in its own words, while it does not run. */
  readonly errorLine: string | undefined;
  /** Environment files that read as empty, and are no regular files. */
  readonly irregular: readonly NotRegularFileError[];
  /** What the file systems lack that a change would write to. */
  readonly shortages: readonly ShortOfSpace[];
  /** The files and folders that say something about the next start. */
  readonly watch: readonly string[];
}

/** A node whose kubelet is not systemd's, not one that we can ask, or not one that we may. */
export interface Unobservable {
  readonly kind: 'unobservable';
  readonly state: 'Unreconcilable' | 'Degraded' | 'Blocked';
  readonly reason: string;
  readonly watch: readonly string[];
  /** When to observe again although no watched file changes, in ms. */
  readonly retryMs?: number;
}

export const UNIT = 'kubelet.service';
/** systemd keeps a link a unit here and replaces it at every start. */
const INVOCATIONS_FOLDER = '/run/systemd/units';
/** systemd removes this folder and makes it anew when it reads all units again. */
const RELOADED = '/run/systemd/generator.late';
/** Any valid allowance: the version is asked with the flag, so a kubelet that no longer knows it is found out. */
const FLAG_WE_USE = '--allowed-unsafe-sysctls=net.core.somaxconn';
/** What a masked unit's file is. Everybody writes to it, so it is not watched. */
const NULL_DEVICE = '/dev/null';
const MASKED_RETRY_MS = 5000;

/** Throws when the host cannot be asked at all. `started` is what was saved of the kubelet that runs. */
export async function observe(
  ports: ObservePorts,
  started: AgentState['started'],
): Promise<Observation | Unobservable> {
  const status = await findUnit(ports.systemd);
  if (typeof status === 'string') {
    return unreconcilable(status, [`${INVOCATIONS_FOLDER}/`, RELOADED]);
  }
  if (status.loadState === 'masked') {
    const reason = maskedReason(status.name, status.mainPid !== 0);
    const watch = unitPaths(status);
    return { kind: 'unobservable', state: 'Blocked', reason, watch, retryMs: MASKED_RETRY_MS };
  }
  try {
    return await observeUnit(ports, status, started);
  } catch (error) {
    if (!(error instanceof NotRegularFileError)) {
      throw error;
    }
    const watch = [...status.environmentFiles.map(({ path }) => path), error.path, ...unitPaths(status)];
    return { kind: 'unobservable', state: 'Degraded', reason: notRegularReason(error.message), watch };
  }
}

/** Throws a NotRegularFileError when a file that the kubelet's start depends on is none. */
async function observeUnit(
  ports: ObservePorts,
  status: UnitStatus,
  started: AgentState['started'],
): Promise<Observation | Unobservable> {
  const { unit, irregular } = await readUnit(ports, status);
  const argv = nextArgv(unit);
  const paths = configPaths(argv);
  const watch = watchedPaths(status, unit, paths);
  const version = await kubeletVersion(ports.processes, argv[0]);
  if (typeof version === 'string') {
    return unreconcilable(version, watch);
  }
  const config = await readConfig(ports.files, paths);
  const [process, unitFiles, shortages, release] = await settleAll([
    observeProcess(ports, status, config, started),
    readUnitFiles(ports.files, status),
    findShortages(ports, unit),
    ports.processes.kernelRelease(),
  ]);
  return {
    kind: 'seen',
    status,
    unit,
    unitFiles,
    config,
    ...process,
    healthz: healthEndpoint(argv, config),
    kubelet: version,
    kernel: parseVersion(release),
    errorLine: process.runs ? undefined : await errorLine(ports.systemd, status),
    irregular,
    shortages,
    watch,
  };
}

function unreconcilable(reason: string, watch: readonly string[]): Unobservable {
  return { kind: 'unobservable', state: 'Unreconcilable', reason, watch };
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
  return status.invocationId === '' ? undefined : kubeletErrorLine(await systemd.journal(status));
}

function watchedPaths(
  status: UnitStatus,
  unit: KubeletUnit,
  { config, configDir }: ReturnType<typeof configPaths>,
): string[] {
  return [
    ...unit.environmentFiles.map(({ path }) => path),
    ...(config === undefined ? [] : [config]),
    ...(configDir === undefined ? [] : [`${configDir}/`]),
    ...unitPaths(status),
  ];
}

/** What changes when systemd reads the unit again, or starts it. A unit is masked by an entry in one of two folders. */
function unitPaths({ name, fragmentPath, dropInPaths }: UnitStatus): string[] {
  return [
    ...[fragmentPath, ...dropInPaths].filter((path) => path !== '' && path !== NULL_DEVICE),
    `/etc/systemd/system/${name}`,
    `/run/systemd/system/${name}`,
    `/etc/systemd/system/${name}.d/`,
    `${INVOCATIONS_FOLDER}/invocation:${name}`,
    RELOADED,
  ];
}
