// The kubelet process that runs: what it was started with, for how long, and whether it is healthy.

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
  /** For how long, in ms; 0 where none runs. */
  readonly uptimeMs: number;
  /**
   * The allowances that it was started with, and with which its pods were admitted; undefined while none runs, and where its
   * config files have changed since it started and no agent knew it before.
   */
  readonly running: readonly string[] | undefined;
  /** Where it answers healthz; undefined when its configuration turns that off. */
  readonly healthzNow: Endpoint | undefined;
  /** It answers healthz, or was told not to. */
  readonly healthy: boolean;
}

const NONE: KubeletProcess = {
  runs: false,
  uptimeMs: 0,
  running: undefined,
  healthzNow: undefined,
  healthy: false,
};

/** `started` is what the agent saved of an earlier observation. */
export async function observeProcess(
  ports: ProcessPorts,
  status: UnitStatus,
  config: ConfigSources,
  started: AgentState['started'],
): Promise<KubeletProcess> {
  const argv = status.mainPid === 0 ? undefined : await ports.processes.argv(status.mainPid);
  if (argv === undefined) {
    return NONE;
  }
  const healthzNow = healthEndpoint(argv, config);
  const [running, healthy] = await settleAll([
    startedWith(ports, status, argv, config, started),
    isHealthy(ports, healthzNow),
  ]);
  return {
    runs: true,
    uptimeMs: Math.max(0, ports.clock.monotonicMs() - status.startedMs),
    running,
    healthzNow,
    healthy,
  };
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

/** True when none of the kubelet's config files, or the folders that hold them, has changed since the process was started. */
async function areOlder(
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
  // A file that is gone was there at the start: the kubelet does not start without it.
  return changed.every((at) => at !== undefined && at.getTime() < startedAt);
}
