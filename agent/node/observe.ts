// All that one look at the node tells: the unit, its files, the kubelet that runs and the one that would start.

import { isDeepStrictEqual } from 'node:util';
import { NO_CONFIG, type ConfigSources } from '../kubelet/config.ts';
import { nextArgv } from '../kubelet/configured.ts';
import { configPaths, healthEndpoint, runningAllowances } from '../kubelet/running.ts';
import type { KubeletUnit } from '../kubelet/unit.ts';
import { parseVersion, type Version } from '../sysctl/version.ts';
import { errorText } from '../text/error-text.ts';
import { takenBackTwice } from './flapping.ts';
import { kubeletErrorLine } from './kubelet-error.ts';
import type { PastChange } from './memory.ts';
import { NotRegularFileError } from './not-regular.ts';
import { askEarly, isHealthy, type EarlyAnswer, type Endpoint } from './observed-health.ts';
import {
  findShortages,
  isGlob,
  readConfig,
  readUnit,
  readUnitFiles,
  type FileOnDisk,
  type ShortOfSpace,
} from './observed-files.ts';
import type { Health, HostFiles, Processes, Systemd, UndoSwitch, UnitStatus } from './ports.ts';
import { maskedReason, notRegularReason } from './reasons.ts';

export interface ObservePorts {
  readonly systemd: Systemd;
  readonly files: HostFiles;
  readonly processes: Processes;
  readonly health: Health;
  readonly undoSwitch: Pick<UndoSwitch, 'paths'>;
}

/** What is known from before a look: with it no question waits for another that need not, and none is asked in vain. */
export interface Known {
  readonly last?: Observation | Unobservable | undefined;
  /** Who could rewrite the file is asked only where these show that somebody does. */
  readonly history?: readonly PastChange[] | undefined;
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
  /** Where the next kubelet answers healthz; undefined when its configuration turns that off. */
  readonly healthz: Endpoint | undefined;
  /** The same of the kubelet that runs. */
  readonly healthzNow: Endpoint | undefined;
  /** The kubelet that runs answers healthz, or was told not to. */
  readonly healthy: boolean;
  readonly kubelet: Version;
  readonly kernel: Version | undefined;
  /** Why the kubelet ended, in its own words, while it does not run. */
  readonly errorLine: string | undefined;
  /** Environment files that read as empty, and are no regular files. */
  readonly irregular: readonly NotRegularFileError[];
  /** What the file systems lack that a change would write to. */
  readonly shortages: readonly ShortOfSpace[];
  /** The host's services, while somebody seems to rewrite the file; else none. */
  readonly services: readonly string[];
  /** The files and folders that say something about the next start. */
  readonly watch: readonly string[];
}

/** A node whose kubelet is not systemd's, not one that we can ask, or not one that we may. */
export interface Unobservable {
  readonly kind: 'unobservable';
  readonly state: 'Unreconcilable' | 'Degraded' | 'Blocked';
  readonly reason: string;
  readonly watch: readonly string[];
  /** When to look again although no watched file changes, in ms. */
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

/** Throws when the host cannot be asked at all. */
export async function observe(ports: ObservePorts, known: Known = {}): Promise<Observation | Unobservable> {
  const early = askEarly(ports.health, known.last?.kind === 'seen' ? known.last.healthzNow : undefined);
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
    return await look(ports, known, status, early);
  } catch (error) {
    if (!(error instanceof NotRegularFileError)) {
      throw error;
    }
    const watch = [...status.environmentFiles.map(({ path }) => path), error.path, ...unitPaths(status)];
    return { kind: 'unobservable', state: 'Degraded', reason: notRegularReason(error.message), watch };
  }
}

/**
 * An earlier look as it is now, without a question to systemd; undefined where only a new look can tell. It holds while all that
 * `watch` names is watched and nothing was told of it: this asks what nobody tells, which is whether the kubelet still runs and is
 * well, its binary, and the room on the disks.
 */
export async function confirm(ports: ObservePorts, last: Observation): Promise<Observation | undefined> {
  const { status, unit, healthzNow } = last;
  const argv = nextArgv(unit);
  // Of new files that a pattern matches, or that lie deep in a folder, nobody tells.
  const isWatchedWhole =
    configPaths(argv).configDir === undefined && !status.environmentFiles.some(({ path }) => isGlob(path));
  if (!isWatchedWhole || status.activeState !== 'active' || last.running === undefined) {
    return undefined;
  }
  const [invocation, healthy, kubelet, shortages] = await Promise.all([
    ports.processes.environment(status.mainPid, 'INVOCATION_ID'),
    isHealthy(ports.health, healthzNow, undefined),
    kubeletVersion(ports.processes, argv[0]),
    findShortages(ports, unit),
  ]);
  const holds = invocation === status.invocationId && healthy && isDeepStrictEqual(kubelet, last.kubelet);
  return holds ? { ...last, healthy, shortages } : undefined;
}

/** Throws a NotRegularFileError when a file that the kubelet's start depends on is none. */
async function look(
  ports: ObservePorts,
  known: Known,
  status: UnitStatus,
  early: EarlyAnswer | undefined,
): Promise<Observation | Unobservable> {
  const { unit, irregular } = await readUnit(ports, status);
  const argv = nextArgv(unit);
  const paths = configPaths(argv);
  const watch = watchedPaths(status, unit, paths);

  const [running, unitFiles, version, shortages, services] = await Promise.all([
    observeRunning(ports, status, readConfig(ports.files, paths, lastConfig(known)), early),
    readUnitFiles(ports.files, status),
    kubeletVersion(ports.processes, argv[0]),
    findShortages(ports, unit),
    servicesIfRewritten(ports.systemd, unit, known.history ?? []),
  ]);
  if (typeof version === 'string') {
    return unreconcilable(version, watch);
  }
  return {
    kind: 'seen',
    status,
    unit,
    unitFiles,
    ...running,
    healthz: healthEndpoint(argv, running.config),
    kubelet: version,
    kernel: parseVersion(await ports.processes.kernelRelease()),
    errorLine: running.running === undefined ? await errorLine(ports.systemd, status) : undefined,
    irregular,
    shortages,
    services,
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

function lastConfig({ last }: Known): ConfigSources {
  return last?.kind === 'seen' ? last.config : NO_CONFIG;
}

/** What the kubelet that runs was started with, and whether it is healthy. */
async function observeRunning(
  { processes, health }: ObservePorts,
  { mainPid }: UnitStatus,
  reading: Promise<ConfigSources>,
  early: EarlyAnswer | undefined,
): Promise<Pick<Observation, 'config' | 'running' | 'healthzNow' | 'healthy'>> {
  const [config, argv] = await Promise.all([reading, mainPid === 0 ? undefined : processes.argv(mainPid)]);
  if (argv === undefined) {
    return { config, running: undefined, healthzNow: undefined, healthy: false };
  }
  const healthzNow = healthEndpoint(argv, config);
  return {
    config,
    running: runningAllowances(argv, config),
    healthzNow,
    healthy: await isHealthy(health, healthzNow, early),
  };
}

/** The host's services, where one of the files was taken back twice. */
async function servicesIfRewritten(
  systemd: Systemd,
  { environmentFiles }: KubeletUnit,
  history: readonly PastChange[],
): Promise<readonly string[]> {
  if (!environmentFiles.some((file) => takenBackTwice(history, file) !== undefined)) {
    return [];
  }
  try {
    return await systemd.services('*');
  } catch {
    // They are for a guess alone.
    return [];
  }
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

/** What tells that systemd reads the unit anew, or starts it. A unit is masked by an entry in one of two folders. */
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
