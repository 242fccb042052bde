// What an agent needs of its host: through a pod's view of it, or as the host's own service.

import type { Logger } from 'pino';
import { systemClock } from '../../host/clock.ts';
import type { RunOnHost } from '../../host/commands.ts';
import { hostFiles } from '../../host/files/files.ts';
import { kubeletHealth } from '../../host/health.ts';
import { hostProcesses } from '../../host/processes.ts';
import { hostRollbackTimer } from '../../host/rollback/rollback-timer.ts';
import { hostSystemd } from '../../host/systemd.ts';
import { hostWatch } from '../../host/watch/watch.ts';
import type { AgentPorts } from '../../node/agent.ts';
import { stateStore } from '../../node/state/state-store.ts';
import { type AgentLock, lockedStore } from './node-lock.ts';

export interface NodePortsOptions {
  /** The host's root folder; empty: this process sees the host as it is. */
  readonly root: string;
  readonly run: RunOnHost;
  readonly lock: Pick<AgentLock, 'take'>;
  readonly log: Logger;
  readonly onHostChange: () => void;
}

/** Returns the agent's ports to the host below `root`. Nothing happens there before the lock is taken. */
export function nodePorts({
  root,
  run,
  lock,
  log,
  onHostChange,
}: NodePortsOptions): Omit<AgentPorts, 'cluster'> {
  const files = hostFiles(root, run);
  return {
    systemd: hostSystemd(run),
    processes: hostProcesses(root, run),
    health: kubeletHealth,
    files,
    stateStore: lockedStore(stateStore(files), lock),
    rollbackTimer: hostRollbackTimer(files, run),
    watch: hostWatch(root, onHostChange, { onPolling: (why) => warnOfPolling(log, why) }),
    clock: systemClock,
    random: Math.random,
    log,
  };
}

/** Logs that inotify is exhausted, and how to end that. */
export function warnOfPolling(log: Pick<Logger, 'warn'>, why: string): void {
  log.warn(
    {},
    `The agent cannot watch the host's files: ${why}. It compares their contents every 10 s instead. ` +
      'Raise fs.inotify.max_user_watches and fs.inotify.max_user_instances on this node.',
  );
}
