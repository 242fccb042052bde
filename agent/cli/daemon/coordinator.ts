// `kubelet-sysctls coordinator`: wires up the process that the Deployment runs in two replicas.

import { LEASE, COORDINATOR } from '../../names.ts';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Logger } from 'pino';
import { inClusterCredentials, type Credentials } from '../../cluster/http/credentials.ts';
import { createFleet } from '../../cluster/api/coordinator-api.ts';
import { leaseStore } from '../../cluster/api/lease.ts';
import { countedTransport } from '../../cluster/http/counted.ts';
import { createTransport, type Transport, type TransportOptions } from '../../cluster/http/transport.ts';
import { systemClock } from '../../host/clock.ts';
import { decideRollout } from '../../rollout/decide.ts';
import type { CoordinatorPorts } from '../../rollout/coordinator.ts';
import { takePart } from '../../rollout/leader/election.ts';
import { createZones } from '../../rollout/windows/zones.ts';
import { configMapOption, logLevelOption, serviceLog } from './service.ts';
import { probeFiles } from './probe-files.ts';
import { beginTerm, type Term } from './leader-term.ts';
import { type CoordinatorMetrics, coordinatorMetrics } from './metrics.ts';
import { type MetricsServer, serveMetrics } from './metrics-server.ts';
import { termination } from './termination.ts';

interface CoordinatorFlags {
  readonly configMap: string;
  readonly logLevel: string;
  /** undefined: no metrics are served. */
  readonly metricsPort?: number;
}

/** The coordinator sends the approvals of one wave in parallel. */
const MAX_CONNECTIONS = 20;

/** The command `coordinator`. It runs until SIGTERM or SIGINT. */
export function coordinatorCommand(): Command {
  return new Command('coordinator')
    .description("pace the agents' changes over all nodes; the Deployment runs this command")
    .addOption(configMapOption())
    .addOption(logLevelOption())
    .addOption(
      new Option(
        '--metrics-port <n>',
        'serve /metrics over plain HTTP on this port; without it no port is opened',
      )
        .env('METRICS_PORT')
        .argParser(parsePort),
    )
    .action((flags: CoordinatorFlags) => runCoordinator(flags));
}

async function runCoordinator(flags: CoordinatorFlags): Promise<void> {
  const log = serviceLog(flags.logLevel, null);
  const ended = termination();
  const life = probeFiles();
  const credentials = await inClusterCredentials(process.env);
  log.info({ version: process.version }, 'The coordinator started');
  const { leave, metrics } = coordinate(credentials, flags, log, () => life.ready());
  const server = listen(flags.metricsPort, metrics, log);

  const signal = await ended;
  log.info({ signal }, 'The coordinator is stopping; another replica can lead');
  server?.close();
  await leave();
  life.end();
  log.info({}, 'The coordinator stopped');
}

/** Takes part in the election and coordinates while this process leads; `leave` ends both. */
function coordinate(
  credentials: Credentials,
  flags: CoordinatorFlags,
  log: Logger,
  onKnown: () => void,
): { readonly leave: () => Promise<void>; readonly metrics: CoordinatorMetrics } {
  const metrics = coordinatorMetrics(() => election.isLeading());
  const open = (more: TransportOptions): Transport =>
    countedTransport(createTransport(credentials, { userAgent: COORDINATOR, ...more }), metrics.countRequest);
  const transport = open({ maxConnections: MAX_CONNECTIONS });
  const leaseTransport = open({});
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
    onDecided: (picture) => metrics.observe(picture),
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
        metrics.observe(undefined);
      },
      onKnown,
    },
  );
  const leave = async (): Promise<void> => {
    await term?.end();
    await election.stop();
    transport.close();
    leaseTransport.close();
  };
  return { leave, metrics };
}

function listen(
  port: number | undefined,
  metrics: CoordinatorMetrics,
  log: Logger,
): MetricsServer | undefined {
  return port === undefined ? undefined : serveMetrics({ port, exposition: () => metrics.exposition(), log });
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/u.test(text) || port > 65_535) {
    throw new InvalidArgumentError(`Expected a port from 0 to 65535, got ${text}.`);
  }
  return port;
}
