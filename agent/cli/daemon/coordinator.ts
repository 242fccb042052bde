// `kubelet-sysctls coordinator`: wires up the process that the Deployment runs in two replicas.

import { LEASE, COORDINATOR } from '../../names.ts';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { Command } from 'commander';
import type { Logger } from 'pino';
import { inClusterCredentials, type Credentials } from '../../cluster/http/credentials.ts';
import { accessTo } from '../../cluster/api/access.ts';
import { createFleet } from '../../cluster/api/coordinator-api.ts';
import { leaseStore } from '../../cluster/api/lease.ts';
import { countedTransport } from '../../cluster/http/counted.ts';
import { createTransport, type Transport, type TransportOptions } from '../../cluster/http/transport.ts';
import { systemClock } from '../../host/clock.ts';
import { decideRollout, decisionCaches } from '../../rollout/decide.ts';
import type { CoordinatorPorts } from '../../rollout/coordinator.ts';
import { takePart } from '../../rollout/leader/election.ts';
import { cachedAccess } from './guard/cached-access.ts';
import { configMapOption, logLevelOption, serviceLog } from './service.ts';
import { probeFiles } from './probe-files.ts';
import { beginTerm, type Term } from './leader-term.ts';
import { type CoordinatorMetrics, coordinatorMetrics } from './metrics.ts';
import { addMetricsOptions, type MetricsFlags } from './metrics-options.ts';
import { serveMetrics } from './metrics-server.ts';
import { termination } from './termination.ts';

interface CoordinatorFlags extends MetricsFlags {
  readonly configMap: string;
  readonly logLevel: string;
}

/** The coordinator sends the approvals of one wave in parallel. */
const MAX_CONNECTIONS = 20;
/** A scraper waits for two requests, by default at most 10 s. */
const REVIEW_MS = 4000;

type OpenTransport = (options: TransportOptions) => Transport;

/** The command `coordinator`. It runs until SIGTERM or SIGINT. */
export function coordinatorCommand(): Command {
  const command = new Command('coordinator')
    .description("pace the agents' changes over all nodes; the Deployment runs this command")
    .addOption(configMapOption())
    .addOption(logLevelOption());
  return addMetricsOptions(command).action((flags: CoordinatorFlags) => runCoordinator(flags));
}

async function runCoordinator(flags: CoordinatorFlags): Promise<void> {
  const log = serviceLog(flags.logLevel, null);
  const ended = termination();
  const life = probeFiles();
  const credentials = await inClusterCredentials(process.env);
  log.info({ version: process.version }, 'The coordinator started');
  const coordination = coordinate(credentials, flags, log, () => life.ready());
  const server = listen(flags, coordination, log);

  const signal = await ended;
  log.info({ signal }, 'The coordinator is stopping; another replica can lead');
  server.close();
  await coordination.leave();
  life.end();
  log.info({}, 'The coordinator stopped');
}

interface Coordination {
  readonly metrics: CoordinatorMetrics;
  /** Opens one more transport, whose requests are counted too. */
  readonly open: OpenTransport;
  readonly leave: () => Promise<void>;
}

/** Takes part in the election and coordinates while this process leads; `leave` ends both. */
function coordinate(
  credentials: Credentials,
  flags: CoordinatorFlags,
  log: Logger,
  onKnown: () => void,
): Coordination {
  const metrics = coordinatorMetrics(() => election.isLeading());
  const open: OpenTransport = (more) =>
    countedTransport(createTransport(credentials, { userAgent: COORDINATOR, ...more }), metrics.countRequest);
  const transport = open({ maxConnections: MAX_CONNECTIONS });
  const leaseTransport = open({});
  const fleet = createFleet({
    transport,
    namespace: credentials.namespace,
    configMapName: flags.configMap,
    log,
  });
  const caches = decisionCaches();
  const ports: Omit<CoordinatorPorts, 'cluster'> = {
    clock: systemClock,
    log,
    decide: (...seen) => decideRollout(...seen, caches),
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
  return { leave, metrics, open };
}

/** Serves the metrics where the flags say so; the requests of its guard do not wait behind those of the rollout. */
function listen(
  { metricsPort: port, metricsTls: tlsFolder, metricsAuth }: MetricsFlags,
  { metrics, open }: Pick<Coordination, 'metrics' | 'open'>,
  log: Logger,
): { close(): void } {
  if (port === undefined) return { close: () => undefined };
  const reviews = metricsAuth ? open({ requestMs: REVIEW_MS }) : undefined;
  const access =
    reviews &&
    cachedAccess(accessTo({ path: '/metrics', verb: 'get' }, reviews), () => systemClock.monotonicMs());
  const guard = tlsFolder === undefined ? undefined : { tlsFolder, access };
  const server = serveMetrics({ port, exposition: () => metrics.exposition(), log, guard });
  return {
    close() {
      server.close();
      reviews?.close();
    },
  };
}
