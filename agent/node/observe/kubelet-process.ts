// The running kubelet process: what it was started with, its uptime, and whether it is healthy.

import type { ConfigSources } from '../../kubelet/config.ts';
import { allowedInArgv, configPaths, healthEndpoint, runningAllowances } from '../../kubelet/running.ts';
import { settleAll } from '../../time/settle.ts';
import type { AgentState } from '../state/state-store.ts';
import { isHealthy, type Endpoint } from './health.ts';
import type { Clock, Health, HostFiles, Processes, UnitStatus } from '../ports.ts';

export interface ProcessPorts {
  readonly files: HostFiles;
  readonly processes: Processes;
  readonly health: Health;
  readonly clock: Clock;
}

export interface KubeletProcess {
  /** A process of the unit runs. */
  readonly runs: boolean;
  /** Its arguments, the binary included; empty when no process runs. */
  readonly argv: readonly string[];
  /** In ms; 0 when no process runs. */
  readonly uptimeMs: number;
  /**
   * The allowances that it was started with, and with which its pods were admitted; undefined when no process runs, or when its
   * config files have changed since its start and no agent has observed it before.
   */
  readonly running: readonly string[] | undefined;
  /** Where it answers healthz; undefined when its configuration turns that off. */
  readonly healthzNow: Endpoint | undefined;
  /** It answers healthz, or healthz is off. */
  readonly healthy: boolean;
}

const NONE: KubeletProcess = {
  runs: false,
  argv: [],
  uptimeMs: 0,
  running: undefined,
  healthzNow: undefined,
  healthy: false,
};

/** Observes the unit's main process. `started`: what the agent saved of an earlier observation. */
export async function observeProcess(
  ports: ProcessPorts,
  status: UnitStatus,
  config: ConfigSources,
  started: AgentState['started'],
): Promise<KubeletProcess> {
  const argv = status.mainPid === 0 ? undefined : await ports.processes.argv(status.mainPid);
  if (argv === undefined || isSystemds(argv)) {
    return NONE;
  }
  const healthzNow = healthEndpoint(argv, config);
  const running = await startedWith(ports, status, argv, config, started);
  // Alone and last: on a slow machine the agent's own commands delay the answer.
  const healthy = await isHealthy(ports, healthzNow);
  return {
    runs: true,
    argv,
    uptimeMs: Math.max(0, ports.clock.monotonicMs() - status.startedMs),
    running,
    healthzNow,
    healthy,
  };
}

/** Returns what the unit's process was started with by its flags, or by what was saved; undefined where they do not say it. */
export async function runningByFlags(
  { processes }: Pick<ProcessPorts, 'processes'>,
  { mainPid, invocationId }: UnitStatus,
  started: AgentState['started'],
): Promise<readonly string[] | undefined> {
  const argv = mainPid === 0 ? undefined : await processes.argv(mainPid);
  const saved = started?.invocation === invocationId ? started.running : undefined;
  return argv && (allowedInArgv(argv) ?? saved);
}

/** True for systemd's own process before it becomes the unit's: `(kubelet)`, or systemd-executor from version 255 on. */
function isSystemds([name = '', ...words]: readonly string[]): boolean {
  return (words.length === 0 && /^\(.*\)$/u.test(name)) || name.endsWith('/systemd-executor');
}

async function startedWith(
  ports: Pick<ProcessPorts, 'files' | 'clock'>,
  status: UnitStatus,
  argv: readonly string[],
  config: ConfigSources,
  started: AgentState['started'],
): Promise<readonly string[] | undefined> {
  const inArgv = allowedInArgv(argv);
  if (inArgv !== undefined) {
    return inArgv;
  }
  if (started?.invocation === status.invocationId) {
    return started.running;
  }
  const isOld = await areOlder(ports, status, argv, config);
  return isOld ? runningAllowances(argv, config) : undefined;
}

/** True when neither the kubelet's config files nor their folders have changed since the process was started. */
export async function areOlder(
  { files, clock }: Pick<ProcessPorts, 'files' | 'clock'>,
  { startedMs }: UnitStatus,
  argv: readonly string[],
  { dropIns }: ConfigSources,
): Promise<boolean> {
  const { config, configDir } = configPaths(argv);
  const paths = [config, configDir, ...dropIns.flatMap(({ path }) => [path, path.replace(/\/[^/]*$/u, '')])];
  const startedAt = clock.now().getTime() - (clock.monotonicMs() - startedMs);
  const given = [...new Set(paths)].filter((path) => path !== undefined);
  const changed = await settleAll(given.map((path) => files.changedAt(path)));
  // A missing file was removed after the start: the kubelet does not start without it.
  return changed.every((at) => at !== undefined && at.getTime() < startedAt);
}
