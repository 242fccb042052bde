// `kubelet-sysctls coordinator`: wires up the process that the Deployment runs in two replicas.

import { LEASE, COORDINATOR } from '../../names.ts';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { Command } from 'commander';
import type { Logger } from 'pino';
import { inClusterCredentials, type Credentials } from '../../cluster/http/credentials.ts';
import { createFleet } from '../../cluster/api/coordinator-api.ts';
import { leaseStore } from '../../cluster/api/lease.ts';
import { createTransport } from '../../cluster/http/transport.ts';
import { systemClock } from '../../host/clock.ts';
import { decideRollout } from '../../rollout/decide.ts';
import type { CoordinatorPorts } from '../../rollout/coordinator.ts';
import { takePart } from '../../rollout/leader/election.ts';
import { createZones } from '../../rollout/windows/zones.ts';
import { configMapOption, logLevelOption, serviceLog } from './service.ts';
import { probeFiles } from './probe-files.ts';
import { beginTerm, type Term } from './leader-term.ts';
import { termination } from './termination.ts';

interface CoordinatorFlags {
  readonly configMap: string;
  readonly logLevel: string;
}

/** The coordinator sends the approvals of one wave in parallel. */
const MAX_CONNECTIONS = 20;

/** The command `coordinator`. It runs until SIGTERM or SIGINT. */
export function coordinatorCommand(): Command {
  return new Command('coordinator')
    .description("pace the agents' changes over all nodes; the Deployment runs this command")
    .addOption(configMapOption())
    .addOption(logLevelOption())
    .action((flags: CoordinatorFlags) => runCoordinator(flags));
}

async function runCoordinator(flags: CoordinatorFlags): Promise<void> {
  const log = serviceLog(flags.logLevel, null);
  const ended = termination();
  const life = probeFiles();
  const credentials = await inClusterCredentials(process.env);
  log.info({ version: process.version }, 'The coordinator started');
  const leave = coordinate(credentials, flags, log, () => life.ready());

  const signal = await ended;
  log.info({ signal }, 'The coordinator is stopping; another replica can lead');
  await leave();
  life.end();
  log.info({}, 'The coordinator stopped');
}

/** Takes part in the election and coordinates while this process leads; the returned function ends both. */
function coordinate(
  credentials: Credentials,
  flags: CoordinatorFlags,
  log: Logger,
  onKnown: () => void,
): () => Promise<void> {
  const options = { userAgent: COORDINATOR };
  const transport = createTransport(credentials, { ...options, maxConnections: MAX_CONNECTIONS });
  const leaseTransport = createTransport(credentials, options);
  const fleet = createFleet({
    transport,
    namespace: credentials.namespace,
    configMapName: flags.configMap,
    log,
  });
  const zones = createZones();
  const ports: Omit<CoordinatorPorts, 'cluster'> = {
    clock: systemClock,
    log,
    decide: (...seen) => decideRollout(...seen, zones),
    isLeading: () => election.isLeading(),
  };
  let term: Term | undefined;
  const election = takePart(
    {
      lease: leaseStore({
        transport: leaseTransport,
        namespace: credentials.namespace,
        name: LEASE,
        fieldManager: COORDINATOR,
      }),
      clock: systemClock,
      log,
      random: Math.random,
    },
    {
      // In a pod the host name is the pod's name.
      identity: `${hostname()}_${randomUUID()}`,
      onLeading: () => {
        term = beginTerm(fleet, ports, { namespace: credentials.namespace, name: flags.configMap });
      },
      onLost: () => {
        void term?.end();
        term = undefined;
      },
      onKnown,
    },
  );
  return async () => {
    await term?.end();
    await election.stop();
    transport.close();
    leaseTransport.close();
  };
}
