// One observation of the node: the unit, its files, the running kubelet and the next one.

import type { ConfigSources } from '../../kubelet/config.ts';
import { nextArgv } from '../../kubelet/configured.ts';
import { configPaths, healthEndpoint } from '../../kubelet/running.ts';
import type { KubeletUnit } from '../../kubelet/unit.ts';
import { parseVersion, type Version } from '../../sysctl/version.ts';
import { settleAll } from '../../time/settle.ts';
import { kubeletErrorLine } from './kubelet-log.ts';
import { type KubeletProcess, observeProcess, type ProcessPorts } from './kubelet-process.ts';
import { INVOCATIONS_FOLDER, readSigns, type NodeSigns } from './vendor/signs.ts';
import { findStart } from './start/start.ts';
import { findUnit } from './start/unit.ts';
import { askVersion } from './start/version.ts';
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
import type { Systemd, RollbackTimer, UnitStatus } from '../ports.ts';
import {
  maskedReason,
  missingReason,
  notRegularReason,
  otherProgramReason,
  unknownVersionReason,
} from './reasons.ts';

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
  readonly config: ConfigSources;
  /** Where the next kubelet answers healthz; undefined when its configuration turns that off. */
  readonly healthz: Endpoint | undefined;
  readonly kubelet: Version;
  readonly kernel: Version | undefined;
  /** The kubelet's own error line, while it does not run. */
  readonly errorLine: string | undefined;
  /** Environment files that are not regular files and read as empty. */
  readonly irregular: readonly NotRegularFileError[];
  /** What the file systems lack for a change. */
  readonly shortages: readonly ShortOfSpace[];
  /** Of a unit that no plan could change. */
  readonly signs: NodeSigns | undefined;
  /** The files and folders that decide the next start. */
  readonly watch: readonly string[];
}

/** A node whose kubelet is not a systemd unit, has no readable version or files, is masked, or may not be asked for its version. */
export interface Unobservable {
  readonly kind: 'unobservable';
  readonly state: 'Unreconcilable' | 'Degraded' | 'Blocked' | 'Observing';
  readonly reason: string;
  readonly watch: readonly string[];
  readonly signs?: NodeSigns | undefined;
  /** When to observe again if no watched file changes, in ms. */
  readonly retryMs?: number;
}

/** systemd removes and recreates this folder at every daemon-reload. */
const RELOADED = '/run/systemd/generator.late';
/** The file of a masked unit. Every process writes to it, so it is not watched. */
const NULL_DEVICE = '/dev/null';
const RETRY_MS = 5000;

/** What the observation is for: it decides which kubelet is run for its version. */
export interface Intent {
  /** A change may follow, so the binary of the next start is asked; else none but that of the running kubelet. */
  readonly mayChange: boolean;
  /** Why no plan could change this unit; undefined when one could. */
  readonly refusal: (unit: KubeletUnit, config: ConfigSources) => string | undefined;
}

/** Changes nothing, whatever the node is. */
export const READ_ONLY: Intent = { mayChange: false, refusal: () => undefined };

/** Observes the node. `started`: what was saved of the running kubelet. Throws when the host does not answer. */
export async function observe(
  ports: ObservePorts,
  started: AgentState['started'],
  intent: Intent,
): Promise<Observation | Unobservable> {
  const status = await findUnit(ports);
  if (typeof status === 'string') {
    const signs = await readSigns(ports.files, undefined);
    return unreconcilable(status, [`${INVOCATIONS_FOLDER}/`, RELOADED], signs);
  }
  if (status.loadState === 'masked') {
    const reason = maskedReason(status.name, status.mainPid !== 0);
    const watch = unitPaths(status);
    return { kind: 'unobservable', state: 'Blocked', reason, watch, retryMs: RETRY_MS };
  }
  try {
    return await observeUnit(ports, status, started, intent);
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
  intent: Intent,
): Promise<Observation | Unobservable> {
  const start = await findStart(ports, status);
  const execStart = start.kind === 'kubelet' ? start.execStart : status.execStart;
  const { unit, irregular } = await readUnit(ports, { ...status, execStart });
  const argv = nextArgv(unit);
  const paths = configPaths(argv);
  const watch = watchedPaths(status, unit, paths);
  if (start.kind === 'missing') {
    const reason = missingReason(status.name, start.what);
    return { kind: 'unobservable', state: 'Blocked', reason, watch, retryMs: RETRY_MS };
  }
  if (start.kind !== 'kubelet') {
    const signs = await readSigns(ports.files, status);
    return unreconcilable(otherProgramReason(status.name, start.what), watch, signs);
  }
  const config = await readConfig(ports.files, paths);
  const refusal = intent.refusal(unit, config);
  const signs = refusal === undefined ? undefined : await readSigns(ports.files, status);
  const version = await askVersion(ports.processes, start, intent.mayChange && refusal === undefined);
  switch (version.kind) {
    case 'refused':
      return unreconcilable(version.reason, watch, signs);
    case 'unknown':
      return refusal === undefined
        ? { kind: 'unobservable', state: 'Observing', reason: unknownVersionReason(status.name), watch }
        : unreconcilable(refusal, watch, signs);
    case 'version': {
      const healthz = healthEndpoint(argv, config);
      const next = { status, unit, irregular, config, healthz, kubelet: version.version, signs, watch };
      return { kind: 'seen', ...next, ...(await observeRest(ports, next, started)) };
    }
  }
}

type Next = Pick<
  Observation,
  'status' | 'unit' | 'irregular' | 'config' | 'healthz' | 'kubelet' | 'signs' | 'watch'
>;

async function observeRest(
  ports: ObservePorts,
  { status, unit, config }: Next,
  started: AgentState['started'],
): Promise<Omit<Observation, 'kind' | keyof Next>> {
  const [process, unitFiles, shortages, release] = await settleAll([
    observeProcess(ports, status, config, started),
    readUnitFiles(ports.files, status),
    findShortages(ports, unit, config),
    ports.processes.kernelRelease(),
  ]);
  return {
    ...process,
    unitFiles,
    shortages,
    kernel: parseVersion(release),
    errorLine: process.runs ? undefined : await errorLine(ports.systemd, status),
  };
}

function unreconcilable(
  reason: string,
  watch: readonly string[],
  signs: NodeSigns | undefined,
): Unobservable {
  return { kind: 'unobservable', state: 'Unreconcilable', reason, watch, signs };
}

async function errorLine(systemd: Systemd, status: UnitStatus): Promise<string | undefined> {
  return status.invocationId === ''
    ? undefined
    : kubeletErrorLine(await systemd.journal(status), status.result);
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
