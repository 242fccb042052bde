// npm run bench:fleet -- --synthetic N: the real coordinator over more nodes than a real API server and real agents fit on one machine.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { objectAt } from '../../../agent/cluster/http/json.ts';
import { DEFAULT_KUBERNETES_VERSION } from '../../bed/build/kubernetes.ts';
import { connectAdmin } from '../../bed/control-plane/admin.ts';
import type { Log } from '../../bed/util/progress.ts';
import { thisMachine } from '../../bench/measure/machine.ts';
import { coordinatorIn, startCoordinator } from '../coordinator/coordinator-process.ts';
import { timeDecisions } from '../coordinator/decisions.ts';
import { usageOf } from '../coordinator/process-figures.ts';
import { scrapeEvery } from '../coordinator/scrapes.ts';
import { BASE, policyOf } from '../lists.ts';
import { textsIn } from '../policy.ts';
import type { FleetOptions } from '../options.ts';
import type { SyntheticFigures } from './figures.ts';
import { leaderChange, relist } from './incidents.ts';
import { listOfNodes } from './list-of-nodes.ts';
import { makePlace } from './place.ts';
import { startCluster } from './cluster/process.ts';
import { hundredAtATime, tenPercent } from './rollouts.ts';
import { type Stage, untilFacts } from './stage.ts';

const DEPLOYMENT = join(import.meta.dirname, '..', '..', '..', 'daemonset', 'coordinator', 'deployment.yaml');
const FIRST_DECISION_LIMIT_MS = 300_000;
/** From the last Done node to the next edit; pending writes are sent by then. */
const SETTLE_MS = 5000;

export async function benchSynthetic(
  nodes: number,
  options: FleetOptions,
  log: Log,
): Promise<SyntheticFigures> {
  const machine = thisMachine(DEFAULT_KUBERNETES_VERSION);
  await using place = await makePlace(nodes);
  const { folder, cgroups } = place;
  const data = textsIn(policyOf({ allowances: BASE, nodeSoakSeconds: options.nodeSoakSeconds }));
  using cluster = await log.step(`${nodes} synthetic nodes`, () =>
    startCluster({ folder, nodes, data }, cgroups),
  );
  const admin = await connectAdmin({ server: cluster.server, folder }, 'fleet-bench');
  const { server } = cluster;
  const program = coordinatorIn({ items: [objectAt(parse(await readFile(DEPLOYMENT, 'utf8')))] });
  const ground = { folder, server, cgroups, token: () => Promise.resolve('synthetic') };
  const coordinator = await startCoordinator(ground, program);
  using scraper = scrapeEvery(coordinator.metricsPorts);
  const stage = { nodes, cluster, admin, coordinator, options };

  const startMs = await log.step('The first decision', () => firstDecision(stage));
  const tenth = await log.step('10% at a time', (note) => tenPercent({ ...stage, note }));
  await sleep(SETTLE_MS);
  const hundred = await log.step('100 at a time', (note) => hundredAtATime({ ...stage, note }));
  const usage = await coordinator.usage();
  await sleep(SETTLE_MS);
  const relistMs = await log.step('An expired watch in the middle', (note) => relist({ ...stage, note }));
  const relistUsage = await coordinator.usage();
  // A scrape of the replica that is killed would fail.
  const scrapes = await scraper.stop();
  const leader = await log.step('A killed leader in the middle', (note) => leaderChange({ ...stage, note }));
  const { nodeFlags } = coordinator;
  const decisionMs = await log.step('One decision', async () =>
    timeDecisions({ folder, nodeFlags, admin, nodes: await listOfNodes(server, folder) }),
  );
  const serverUsage = await usageOf(cluster.pid);
  admin.close();
  const { soakSeconds, nodeSoakSeconds } = options;
  return {
    machine,
    pace: { soakSeconds, nodeSoakSeconds },
    nodes,
    startMs,
    tenth,
    hundred,
    relistMs,
    leaderMs: leader.ms,
    coordinator: {
      ...usage,
      peakBytes: Math.max(usage.peakBytes, relistUsage.peakBytes, leader.peakBytes),
      decisionMs,
      scrapes,
    },
    server: serverUsage,
  };
}

/** Returns ms from the start of the processes until the first of them has written the status of its decision. */
async function firstDecision({
  cluster,
  coordinator,
}: Pick<Stage, 'cluster' | 'coordinator'>): Promise<number> {
  const begun = Math.min(...coordinator.replicas.map(({ startedAt }) => startedAt));
  const { statusesAt } = await untilFacts(
    cluster,
    FIRST_DECISION_LIMIT_MS,
    (facts) => facts.statusesAt.length > 0,
  );
  return (statusesAt[0] ?? 0) - begun;
}
