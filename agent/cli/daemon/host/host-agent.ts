// `kubelet-sysctls agent --host`: wires up the host's own service. It has a policy on the disk, and no cluster.

import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { Logger } from 'pino';
import { systemClock } from '../../../host/clock.ts';
import { hostCommands } from '../../../host/commands.ts';
import { type Notifier, systemdNotifier } from '../../../host/notify.ts';
import { nextArgv } from '../../../kubelet/configured.ts';
import { nodeNameOf } from '../../../kubelet/node-name.ts';
import { type Agent, type AgentPorts, createAgent } from '../../../node/agent.ts';
import { readUnit } from '../../../node/observe/files.ts';
import { findUnit } from '../../../node/observe/start/unit.ts';
import { type AgentLock, agentLock } from '../node-lock.ts';
import { nodePorts, warnOfPolling } from '../node-ports.ts';
import { serviceLog } from '../service.ts';
import { termination } from '../termination.ts';
import type { HostFlags } from './flags.ts';
import { followPolicy } from './follow-policy.ts';
import { noCluster, statusText } from './no-cluster.ts';

/** The service sees the host as it is. */
const ROOT = '';
/** A pass that lasts longer hangs: its longest steps are two restarts of the kubelet and their proofs (node/change/arm.ts). */
const LONGEST_PASS_MS = 900_000;

/** Runs until SIGTERM or SIGINT, and finishes the change under way before it ends. */
export async function runHostAgent(flags: HostFlags): Promise<void> {
  const log = serviceLog(flags.logLevel, null);
  const ended = termination();
  let agent: Agent | undefined;
  const notifier = notifierFor(log, () => (agent?.passMs() ?? 0) < LONGEST_PASS_MS);
  // While it waits for the lock it has started, too.
  const onBusy = (text: string): void => {
    notifier.status(`Waiting: ${text}`);
    notifier.ready();
  };
  const lock = agentLock({ root: ROOT, as: 'service', log, ended, onBusy });
  // Without access to the host the agent takes the lock before its first step there, and its state says why it cannot.
  const taken = await lock
    .take()
    .catch((error: unknown) => log.error({ err: error }, 'The node lock failed'));
  if (taken !== false) {
    const started = await startAgent(flags, { log, lock, notifier });
    ({ agent } = started);
    const signal = await ended;
    log.info({ signal }, 'The service is stopping; it finishes the change under way first');
    notifier.stopping();
    await started.stop();
  }
  await notifier.end();
  lock.release();
  log.info({}, 'The service stopped');
}

/** Reads what systemd gives the service, and takes it out of the environment: no command of the agent may speak for the service. */
function notifierFor(log: Pick<Logger, 'warn'>, isAlive: () => boolean): Notifier {
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: watchdogUsec, WATCHDOG_PID: watchdogPid } = process.env;
  for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) {
    delete process.env[name];
  }
  return systemdNotifier({
    socket,
    watchdogUsec,
    watchdogPid,
    pid: process.pid,
    isAlive,
    onError: (error) => log.warn({ err: error }, 'systemd could not be told how the service is'),
  });
}

interface Started {
  readonly agent: Agent;
  stop(): Promise<void>;
}

async function startAgent(
  flags: HostFlags,
  { log, lock, notifier }: { readonly log: Logger; readonly lock: AgentLock; readonly notifier: Notifier },
): Promise<Started> {
  const path = resolve(flags.policy);
  const onHostChange = (): void => agent.hostChanged();
  const ports: AgentPorts = {
    ...nodePorts({ root: ROOT, run: hostCommands([]), lock, log, onHostChange }),
    cluster: noCluster(systemClock, (annotations) => {
      const text = statusText(annotations);
      log.info({}, text);
      notifier.status(text);
    }),
  };
  const agent = createAgent(ports, {
    configMap: { namespace: '', name: path },
    jitterMs: flags.jitterSeconds * 1000,
    waitForApproval: false,
    onReported: () => notifier.ready(),
  });
  const name = flags.nodeName ?? (await nodeName(ports));
  log.info({ version: process.version, node: name, policy: path }, "The host's own service started");
  agent.setNode({ name, uid: '', labels: flags.labels, annotations: {} });
  const unfollow = followPolicy({
    path,
    inUse: flags.inUse,
    clock: systemClock,
    onPolling: (why) => warnOfPolling(log, why),
    onPolicy: (configMap, sinceMs) => {
      agent.setConfigMap(configMap);
      notifier.reloaded(sinceMs);
    },
  });
  return {
    agent,
    async stop() {
      await unfollow();
      await agent.stop();
    },
  };
}

/** Returns the name of the kubelet's Node; the host's where systemd does not say how the kubelet starts. */
async function nodeName(
  ports: Pick<AgentPorts, 'systemd' | 'processes' | 'files' | 'clock'>,
): Promise<string> {
  try {
    const status = await findUnit(ports);
    if (typeof status === 'string') return nodeNameOf([], hostname());
    const running = status.mainPid === 0 ? undefined : await ports.processes.argv(status.mainPid);
    return nodeNameOf(running ?? nextArgv((await readUnit(ports, status)).unit), hostname());
  } catch {
    return nodeNameOf([], hostname());
  }
}
