// One observation of the node: the unit, its files, the running kubelet and the next one.

import { dirname } from 'node:path';
import type { ConfigSources } from '../../kubelet/config.ts';
import { nextArgv } from '../../kubelet/configured.ts';
import { configPaths, healthEndpoint } from '../../kubelet/running.ts';
import { ALLOWED_FLAG } from '../../kubelet/flags/flags.ts';
import { unknownFlagIn } from '../../kubelet/flags/unknown-flag.ts';
import type { KubeletUnit } from '../../kubelet/unit.ts';
import { parseVersion, type Version } from '../../sysctl/version.ts';
import { settleAll } from '../../time/settle.ts';
import { kubeletErrorLine } from './kubelet-log.ts';
import { type KubeletProcess, observeProcess, type ProcessPorts, runningByFlags } from './kubelet-process.ts';
import { INVOCATIONS_FOLDER, readSigns, type NodeSigns } from './vendor/signs.ts';
import { findStart } from './start/start.ts';
import { findUnit } from './start/unit.ts';
import { askVersion } from './start/version.ts';
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
import type { Systemd, RollbackTimer, UnitStatus } from '../ports.ts';
import {
  brokenUnitReason,
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
  /** Files that the agent has written and the unit does not read. */
  readonly written: readonly FileOnDisk[];
  /** The unit's files and environment files that changed after the kubelet was started; empty while none runs. */
  readonly changedSince: readonly string[];
  /** The unit after a daemon-reload, when one is pending that changes how the kubelet starts. */
  readonly pending: PendingUnit | undefined;
  /** How long the unit has been in its present state, in ms. */
  readonly stateMs: number;
  /** The id of this boot of the node; undefined when it cannot be read. */
  readonly boot: string | undefined;
  /** What the file systems lack for a change. */
  readonly shortages: readonly ShortOfSpace[];
  /** Of a unit that no plan could change. */
  readonly signs: NodeSigns | undefined;
  /** The files and folders that decide the next start. */
  readonly watch: readonly string[];
}

/**
 * A node whose kubelet is not a systemd unit, has no readable version or files, may not be asked for its version, or whose unit systemd
 * would not start again.
 */
export interface Unobservable {
  readonly kind: 'unobservable';
  readonly state: 'Unreconcilable' | 'Degraded' | 'Blocked' | 'Observing';
  readonly reason: string;
  /** As Observation's, where a process of the unit runs and its flags or the saved state say it. */
  readonly running?: readonly string[] | undefined;
  readonly watch: readonly string[];
  readonly signs?: NodeSigns | undefined;
  /** When to observe again if no watched file changes, in ms. */
  readonly retryMs?: number;
}

/** systemd removes and recreates this folder at every daemon-reload. */
const RELOADED = '/run/systemd/generator.late';
/** The kernel makes a new one at each boot. */
const BOOT_ID = '/proc/sys/kernel/random/boot_id';
/** The file of a masked unit. Every process writes to it, so it is not watched. */
const NULL_DEVICE = '/dev/null';
const RETRY_MS = 5000;
const VERSION_RETRY_MS = 30_000;

/** What the observation is for: it decides which kubelet is run for its version. */
export interface Intent {
  /** A change may follow, so the binary of the next start is asked; else none but that of the running kubelet. */
  readonly mayChange: boolean;
  /** Why no plan could change this unit; undefined when one could. */
  readonly refusal: (unit: KubeletUnit, config: ConfigSources) => string | undefined;
  /** The files that the agent has written. */
  readonly written: readonly string[];
}

/** Changes nothing, whatever the node is. */
export const READ_ONLY: Intent = { mayChange: false, refusal: () => undefined, written: [] };

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
  const observation = await observeFound(ports, status, started, intent);
  return observation.kind === 'seen'
    ? observation
    : { ...observation, running: await runningByFlags(ports, status, started) };
}

async function observeFound(
  ports: ObservePorts,
  status: UnitStatus,
  started: AgentState['started'],
  intent: Intent,
): Promise<Observation | Unobservable> {
  const broken = brokenUnitReason(status);
  if (broken !== undefined) {
    const watch = unitPaths(status);
    return { kind: 'unobservable', state: 'Blocked', reason: broken, watch, retryMs: RETRY_MS };
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
  const answer = await askVersion(ports.processes, start, intent.mayChange && refusal === undefined);
  switch (answer.kind) {
    case 'refused':
      // A binary that is being replaced, or a machine too slow for its timeout, causes no event when that is over.
      return { ...unreconcilable(answer.reason, watch, signs), retryMs: VERSION_RETRY_MS };
    case 'unknown':
      return refusal === undefined
        ? { kind: 'unobservable', state: 'Observing', reason: unknownVersionReason(status.name), watch }
        : unreconcilable(refusal, watch, signs);
    case 'version': {
      const { version: kubelet, takesFlag } = answer;
      const healthz = healthEndpoint(argv, config);
      const next = { status, unit, irregular, config, healthz, kubelet, takesFlag, signs, watch };
      return observeRest(ports, next, { started, written: intent.written });
    }
  }
}

type Next = Pick<
  Observation,
  'status' | 'unit' | 'irregular' | 'config' | 'healthz' | 'kubelet' | 'takesFlag' | 'signs' | 'watch'
>;

async function observeRest(
  ports: ObservePorts,
  next: Next,
  { started, written }: { readonly started: AgentState['started'] } & Pick<Intent, 'written'>,
): Promise<Observation> {
  const { status, unit, config } = next;
  const read = unit.environmentFiles.map(({ path }) => path);
  const elsewhere = written.filter((path) => !read.includes(path));
  const [unitFiles, writtenFiles, shortages, release, pending, boot] = await settleAll([
    readUnitFiles(ports.files, unitFilesOf(status)),
    readUnitFiles(ports.files, elsewhere),
    findShortages(ports, unit, config),
    ports.processes.kernelRelease(),
    readPendingUnit(ports, status, unit),
    ports.files.read(BOOT_ID),
  ]);
  const process = await observeProcess(ports, status, config, started);
  const line = process.runs ? undefined : await errorLine(ports.systemd, status);
  return {
    kind: 'seen',
    ...next,
    ...process,
    unitFiles,
    unhealthyMs: 0,
    takesFlag: next.takesFlag && unknownFlagIn(line ?? '') !== ALLOWED_FLAG,
    kernel: parseVersion(release),
    errorLine: line,
    written: writtenFiles,
    changedSince: process.runs ? await changedSince(ports, process.uptimeMs, status, read) : [],
    pending,
    stateMs: Math.max(0, ports.clock.monotonicMs() - status.stateSinceMs),
    boot: boot && Buffer.from(boot).toString().trim(),
    shortages,
  };
}

/** Returns those of the unit's files, of its folders of drop-ins, and of `read` that changed in the last `uptimeMs`. */
async function changedSince(
  { files, clock }: Pick<ObservePorts, 'files' | 'clock'>,
  uptimeMs: number,
  status: UnitStatus,
  read: readonly string[],
): Promise<readonly string[]> {
  const startedAt = clock.now().getTime() - uptimeMs;
  const folders = [
    `/etc/systemd/system/${status.name}.d`,
    ...status.dropInPaths.map((path) => dirname(path)),
  ];
  const paths = [...new Set([...unitFilesOf(status), ...folders, ...read])];
  const changed = await settleAll(paths.map((path) => files.changedAt(path)));
  return paths.filter((_, index) => (changed[index]?.getTime() ?? 0) >= startedAt);
}

function unitFilesOf({ fragmentPath, dropInPaths }: UnitStatus): readonly string[] {
  return [fragmentPath, ...dropInPaths].filter((path) => path !== '' && path !== NULL_DEVICE);
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
function unitPaths(status: UnitStatus): string[] {
  const { name } = status;
  return [
    ...unitFilesOf(status),
    `/etc/systemd/system/${name}`,
    `/run/systemd/system/${name}`,
    `/etc/systemd/system/${name}.d/`,
    `${INVOCATIONS_FOLDER}/invocation:${name}`,
    RELOADED,
  ];
}
