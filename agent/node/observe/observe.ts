// One observation of the node: the unit, its files, the running kubelet and the next one.

import type { ConfigSources } from '../../kubelet/config.ts';
import { nextArgv } from '../../kubelet/configured.ts';
import { configPaths, healthEndpoint } from '../../kubelet/running.ts';
import { ALLOWED_FLAG } from '../../kubelet/flags/flags.ts';
import { unknownFlagIn } from '../../kubelet/flags/unknown-flag.ts';
import type { KubeletUnit } from '../../kubelet/unit.ts';
import { parseVersion, type Version } from '../../sysctl/version.ts';
import { errorText } from '../../text/error-text.ts';
import { settleAll } from '../../time/settle.ts';
import { kubeletErrorLine } from './kubelet-log.ts';
import { type KubeletProcess, observeProcess, type ProcessPorts } from './kubelet-process.ts';
import type { AgentState } from '../state/state-store.ts';
import { NotRegularFileError } from '../not-regular.ts';
import { type PendingUnit, readPendingUnit } from './pending-unit.ts';
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
import { brokenUnitReason, notRegularReason } from './reasons.ts';

export interface ObservePorts extends ProcessPorts {
  readonly systemd: Systemd;
  readonly rollbackTimer: Pick<RollbackTimer, 'paths'>;
}

export interface Observation extends KubeletProcess {
  readonly kind: 'seen';
  readonly status: UnitStatus;
  readonly unit: KubeletUnit;
  /** The unit's own files, to detect whether a situation has changed. */
  readonly unitFiles: readonly FileOnDisk[];
  /** Since the first of the last observations, all of the same process, in which it was not healthy, in ms; 0 in the first and while it is. */
  readonly unhealthyMs: number;
  readonly config: ConfigSources;
  /** Where the next kubelet answers healthz; undefined when its configuration turns that off. */
  readonly healthz: Endpoint | undefined;
  readonly kubelet: Version;
  /** False when the kubelet's binary, or the error with which the kubelet ended, says that it does not know our flag. */
  readonly takesFlag: boolean;
  readonly kernel: Version | undefined;
  /** The kubelet's own error line, while it does not run. */
  readonly errorLine: string | undefined;
  /** Environment files that are not regular files and read as empty. */
  readonly irregular: readonly NotRegularFileError[];
  /** The unit after a daemon-reload, when one is pending that changes how the kubelet starts. */
  readonly pending: PendingUnit | undefined;
  /** How long the unit has been in its present state, in ms. */
  readonly stateMs: number;
  /** The id of this boot of the node; undefined when it cannot be read. */
  readonly boot: string | undefined;
  /** What the file systems lack for a change. */
  readonly shortages: readonly ShortOfSpace[];
  /** The files and folders that decide the next start. */
  readonly watch: readonly string[];
}

/** A node whose kubelet is not a systemd unit, has no readable version or files, or whose unit systemd would not start again. */
export interface Unobservable {
  readonly kind: 'unobservable';
  readonly state: 'Unreconcilable' | 'Degraded' | 'Blocked';
  readonly reason: string;
  readonly watch: readonly string[];
  /** When to observe again if no watched file changes, in ms. */
  readonly retryMs?: number;
}

export const UNIT = 'kubelet.service';
/** systemd keeps a link for each unit here and replaces it at every start. */
const INVOCATIONS_FOLDER = '/run/systemd/units';
/** systemd removes and recreates this folder at every daemon-reload. */
const RELOADED = '/run/systemd/generator.late';
/** The kernel makes a new one at each boot. */
const BOOT_ID = '/proc/sys/kernel/random/boot_id';
/** Passed with --version, so that a kubelet that no longer knows the flag is detected. Any valid allowance. */
const FLAG_WE_USE = `--${ALLOWED_FLAG}=net.core.somaxconn`;
/** The file of a masked unit. Every process writes to it, so it is not watched. */
const NULL_DEVICE = '/dev/null';
const BROKEN_RETRY_MS = 5000;
const VERSION_RETRY_MS = 30_000;

/** Observes the node. `started`: what was saved of the running kubelet. Throws when the host does not answer. */
export async function observe(
  ports: ObservePorts,
  started: AgentState['started'],
): Promise<Observation | Unobservable> {
  const status = await findUnit(ports.systemd);
  if (typeof status === 'string') {
    return unreconcilable(status, [`${INVOCATIONS_FOLDER}/`, RELOADED]);
  }
  const broken = brokenUnitReason(status);
  if (broken !== undefined) {
    const reason = broken;
    const watch = unitPaths(status);
    return { kind: 'unobservable', state: 'Blocked', reason, watch, retryMs: BROKEN_RETRY_MS };
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

/** Throws a NotRegularFileError when a file that the kubelet's start depends on is not a regular file. */
async function observeUnit(
  ports: ObservePorts,
  status: UnitStatus,
  started: AgentState['started'],
): Promise<Observation | Unobservable> {
  const { unit, irregular } = await readUnit(ports, status);
  const argv = nextArgv(unit);
  const paths = configPaths(argv);
  const watch = watchedPaths(status, unit, paths);
  const binary = await kubeletBinary(ports.processes, argv[0]);
  if (typeof binary === 'string') {
    // A binary that is being replaced, or a machine too slow for its timeout, causes no event when that is over.
    return { ...unreconcilable(binary, watch), retryMs: VERSION_RETRY_MS };
  }
  const config = await readConfig(ports.files, paths);
  const [unitFiles, shortages, release, pending, boot] = await settleAll([
    readUnitFiles(ports.files, status),
    findShortages(ports, unit),
    ports.processes.kernelRelease(),
    readPendingUnit(ports, status),
    ports.files.read(BOOT_ID),
  ]);
  const process = await observeProcess(ports, status, config, started);
  const line = process.runs ? undefined : await errorLine(ports.systemd, status);
  return {
    kind: 'seen',
    status,
    unit,
    unitFiles,
    config,
    ...process,
    unhealthyMs: 0,
    healthz: healthEndpoint(argv, config),
    kubelet: binary.version,
    takesFlag: binary.takesFlag && unknownFlagIn(line ?? '') !== ALLOWED_FLAG,
    kernel: parseVersion(release),
    errorLine: line,
    irregular,
    pending,
    stateMs: Math.max(0, ports.clock.monotonicMs() - status.stateSinceMs),
    boot: boot && Buffer.from(boot).toString().trim(),
    shortages,
    watch,
  };
}

function unreconcilable(reason: string, watch: readonly string[]): Unobservable {
  return { kind: 'unobservable', state: 'Unreconcilable', reason, watch };
}

/** Returns the kubelet's unit, or why there is none. */
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

interface Binary {
  readonly version: Version;
  readonly takesFlag: boolean;
}

/** Returns what the kubelet's binary says of itself, or why it is none that the agent can use. */
async function kubeletBinary(processes: Processes, binary: string | undefined): Promise<Binary | string> {
  if (binary === undefined) {
    return 'Expected the unit to start a kubelet, got no ExecStart.';
  }
  try {
    const answer = await processes.kubeletVersion(binary, [FLAG_WE_USE]);
    const version = parseVersion(answer);
    return version === undefined
      ? `Expected ${binary} --version to print a version, got ${answer}`
      : { version, takesFlag: true };
  } catch (error) {
    if (unknownFlagIn(errorText(error)) === ALLOWED_FLAG) {
      const version = parseVersion(await processes.kubeletVersion(binary, []).catch(() => ''));
      return version === undefined
        ? `${binary} --version fails: ${errorText(error)}`
        : { version, takesFlag: false };
    }
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

/** Paths that change when systemd reloads, masks or starts the unit. An entry in one of two folders masks a unit. */
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
