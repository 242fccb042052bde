// `kubelet-sysctls agent`: wires up the process that the DaemonSet runs on every node. With --host it is the host's own service.

import { Command, InvalidArgumentError, Option } from 'commander';
import { createCluster } from '../../cluster/api/agent-api.ts';
import { inClusterCredentials } from '../../cluster/http/credentials.ts';
import { createTransport } from '../../cluster/http/transport.ts';
import { systemClock } from '../../host/clock.ts';
import { hostCommands } from '../../host/commands.ts';
import { HOST_ROOT } from '../../host/files/paths.ts';
import { createAgent } from '../../node/agent.ts';
import { createRefusalEvents } from '../../node/report/refusal-events.ts';
import { labelsOption } from '../labels-option.ts';
import { followCluster } from './follow.ts';
import { type AgentFlags, checkedFlags, type ClusterFlags } from './host/flags.ts';
import { inUseOption } from '../host-policy/in-use.ts';
import { agentLock } from './node-lock.ts';
import { nodePorts } from './node-ports.ts';
import { configMapOption, logLevelOption, parseBoolean, serviceLog } from './service.ts';
import { probeFiles } from './probe-files.ts';
import { reportWhileWaiting } from './service-report.ts';
import { termination } from './termination.ts';

/** The command `agent`. It runs until SIGTERM or SIGINT, and finishes the change under way before it ends. */
export function agentCommand(): Command {
  return new Command('agent')
    .description("keep this node's kubelet in line with the ConfigMap; the DaemonSet runs this command")
    .addOption(
      new Option(
        '--node-name <name>',
        'the name of the Node that this process runs on; with --host by default as the kubelet names it',
      ).env('NODE_NAME'),
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
    .option('--host', "run as the host's own service, with a policy on its disk in place of a cluster")
    .option(
      '--policy <path>',
      "with --host: a file with the ConfigMap's YAML, or a folder with one file for each of its keys",
    )
    .addOption(labelsOption())
    .addOption(inUseOption())
    .addOption(logLevelOption())
    .action(async (flags: AgentFlags, command: Command) => {
      const checked = checkedFlags(flags, command);
      if (!checked.host) return runAgent(checked);
      // The pod's process evaluates nothing of the service's.
      const { runHostAgent } = await import('./host/host-agent.ts');
      return runHostAgent(checked);
    });
}

async function runAgent(flags: ClusterFlags): Promise<void> {
  const log = serviceLog(flags.logLevel, { node: flags.nodeName });
  const ended = termination();
  const life = probeFiles();
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
  const waiting = reportWhileWaiting({ cluster, clock: systemClock, log });
  const lock = agentLock({ root: HOST_ROOT, as: 'pod', log, ended, ...waiting });
  // Without access to the host the agent takes the lock before its first step there, and the node shows why it cannot.
  const taken = await lock
    .take()
    .catch((error: unknown) => log.error({ err: error }, 'The node lock failed'));
  if (taken === false) {
    life.end();
    transport.close();
    return;
  }
  const onHostChange = (): void => agent.hostChanged();
  const agent = createAgent(
    { ...nodePorts({ root: HOST_ROOT, run: hostCommands(), lock, log, onHostChange }), cluster },
    {
      configMap: { namespace, name: flags.configMap },
      jitterMs: flags.jitterSeconds * 1000,
      waitForApproval: flags.waitForApproval,
      onReported: () => life.ready(),
    },
  );
  const refusals = createRefusalEvents({ cluster, log, clock: systemClock }, namespace);
  const unfollow = followCluster({ cluster, clock: systemClock, log, random: Math.random }, agent, refusals);
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

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (text.trim() === '' || !Number.isInteger(seconds) || seconds < 0) {
    throw new InvalidArgumentError(`Expected a whole number of seconds, got ${text}.`);
  }
  return seconds;
}
