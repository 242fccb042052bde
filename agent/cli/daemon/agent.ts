// `kubelet-sysctls agent`: wires up the process that the DaemonSet runs on every node.

import { Command, InvalidArgumentError, Option } from 'commander';
import type { Logger } from 'pino';
import { createCluster } from '../../cluster/api/agent-api.ts';
import { inClusterCredentials } from '../../cluster/http/credentials.ts';
import { createTransport } from '../../cluster/http/transport.ts';
import { systemClock } from '../../host/clock.ts';
import { hostCommands } from '../../host/commands.ts';
import { hostFiles } from '../../host/files/files.ts';
import { kubeletHealth } from '../../host/health.ts';
import { LOCK_FOLDER, lockNode, type NodeLock } from '../../host/lock.ts';
import { HOST_ROOT } from '../../host/files/paths.ts';
import { hostProcesses } from '../../host/processes.ts';
import { hostSystemd } from '../../host/systemd.ts';
import { hostRollbackTimer } from '../../host/rollback/rollback-timer.ts';
import { hostWatch } from '../../host/watch/watch.ts';
import { createAgent } from '../../node/agent.ts';
import { createRefusalEvents } from '../../node/report/refusal-events.ts';
import { stateStore, type StateStore } from '../../node/state/state-store.ts';
import { followCluster } from './follow.ts';
import { configMapOption, logLevelOption, parseBoolean, serviceLog } from './service.ts';
import { probeFiles } from './probe-files.ts';
import { termination } from './termination.ts';

interface AgentFlags {
  readonly nodeName: string;
  readonly configMap: string;
  readonly jitterSeconds: number;
  readonly waitForApproval: boolean;
  readonly logLevel: string;
}

/** The command `agent`. It runs until SIGTERM or SIGINT, and finishes the change under way before it ends. */
export function agentCommand(): Command {
  return new Command('agent')
    .description("keep this node's kubelet in line with the ConfigMap; the DaemonSet runs this command")
    .addOption(
      new Option('--node-name <name>', 'the name of the Node that this process runs on')
        .env('NODE_NAME')
        .makeOptionMandatory(),
    )
    .addOption(configMapOption())
    .addOption(
      new Option(
        '--jitter-seconds <n>',
        'wait a random time of at most n seconds before applying a new revision',
      )
        .env('JITTER_SECONDS')
        .default(0)
        .argParser(parseSeconds),
    )
    .addOption(
      new Option(
        '--wait-for-approval [boolean]',
        'start a change only after the coordinator has approved its revision',
      )
        .env('WAIT_FOR_APPROVAL')
        .preset('true')
        .default(false)
        .argParser(parseBoolean),
    )
    .addOption(logLevelOption())
    .action((flags: AgentFlags) => runAgent(flags));
}

async function runAgent(flags: AgentFlags): Promise<void> {
  const log = serviceLog(flags.logLevel, { node: flags.nodeName });
  const ended = termination();
  const life = probeFiles();
  const lock = nodeLock(log, ended);
  // Without access to the host the agent takes the lock before its first step there, and the node shows why it cannot.
  const taken = await lock
    .take()
    .catch((error: unknown) => log.error({ err: error }, 'The node lock failed'));
  if (taken === false) {
    life.end();
    return;
  }
  const credentials = await inClusterCredentials(process.env);
  const { namespace } = credentials;
  const transport = createTransport(credentials);
  const cluster = createCluster({
    transport,
    nodeName: flags.nodeName,
    namespace,
    configMapName: flags.configMap,
    log,
    // Exists only with --expose-gc, which the image sets.
    collectGarbage: () => globalThis.gc?.({ type: 'minor' }),
  });
  const run = hostCommands();
  const files = hostFiles(HOST_ROOT, run);

  const agent = createAgent(
    {
      systemd: hostSystemd(run),
      processes: hostProcesses(HOST_ROOT, run),
      health: kubeletHealth,
      files,
      stateStore: lockedStore(stateStore(files), lock),
      rollbackTimer: hostRollbackTimer(files, run),
      watch: hostWatch(HOST_ROOT, () => agent.hostChanged(), {
        onPolling: (why) =>
          log.warn(
            {},
            `The agent cannot watch the host's files: ${why}. It compares their contents every 10 s instead. ` +
              'Raise fs.inotify.max_user_watches and fs.inotify.max_user_instances on this node.',
          ),
      }),
      clock: systemClock,
      cluster,
      random: Math.random,
      log,
    },
    {
      configMap: { namespace, name: flags.configMap },
      jitterMs: flags.jitterSeconds * 1000,
      waitForApproval: flags.waitForApproval,
      onReported: () => life.ready(),
    },
  );
  const refusals = createRefusalEvents({ cluster, log, clock: systemClock }, namespace);
  const unfollow = followCluster(cluster, agent, refusals, log);
  const { jitterSeconds, waitForApproval } = flags;
  log.info({ version: process.version, jitterSeconds, waitForApproval }, 'The agent started');

  const signal = await ended;
  log.info({ signal }, 'The agent is stopping; it finishes the change under way first');
  unfollow();
  await agent.stop();
  life.end();
  transport.close();
  lock.release();
  log.info({}, 'The agent stopped');
}

interface AgentLock {
  /** Resolves after the agent that holds the lock has ended; with false when this process is to end first. Rejects as `lockNode`. */
  take(): Promise<boolean>;
  release(): void;
}

function nodeLock(log: Logger, ended: Promise<unknown>): AgentLock {
  const giveUp = new AbortController();
  void ended.then(() => giveUp.abort());
  let lock: NodeLock | undefined;
  return {
    async take() {
      lock ??= await lockNode(HOST_ROOT + LOCK_FOLDER, {
        giveUp: giveUp.signal,
        onBusy: () =>
          log.warn(
            {},
            'Another agent holds the node lock. This agent waits until that one ends. Remove the duplicate DaemonSet.',
          ),
      });
      return lock !== undefined;
    },
    release: () => lock?.release(),
  };
}

/** The agent's first step on the host is to load its state: nothing happens there without the lock. */
function lockedStore(store: StateStore, lock: Pick<AgentLock, 'take'>): StateStore {
  return {
    ...store,
    async load() {
      if (!(await lock.take())) {
        throw new Error('The agent ends before it has the node lock.');
      }
      return store.load();
    },
  };
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (text.trim() === '' || !Number.isInteger(seconds) || seconds < 0) {
    throw new InvalidArgumentError(`Expected a whole number of seconds, got ${text}.`);
  }
  return seconds;
}
