// One fleet, from its first node to its figures.

import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../bed/util/progress.ts';
import { deployedProgram, groundOf, startCoordinator } from './coordinator/coordinator-process.ts';
import { timeDecisions } from './coordinator/decisions.ts';
import { scrapeEvery } from './coordinator/scrapes.ts';
import type { FleetFigures } from './report/figures.ts';
import type { Fleet } from './fleet.ts';
import { idealMs, slotsOf } from './ideal.ts';
import { BASE, CANARIES, CHANGED, MAX_UNAVAILABLE_PERCENT, policyOf } from './lists.ts';
import type { FleetOptions } from './options.ts';
import { edit } from './policy.ts';
import { usageOf } from './coordinator/process-figures.ts';
import { countRequests, type Window } from './api/requests.ts';

export interface Task {
  readonly nodes: number;
  /** Duration of one node's change alone. */
  readonly nodeMs: number;
  readonly options: FleetOptions;
  readonly log: Log;
}

const IDLE_SECONDS = 60;
/** From the last Done node to the idle window; pending reports are sent by then. */
const SETTLE_MS = 10_000;
/** Added to twice the ideal, for a machine that is too small for the fleet. */
const SLACK_MS = 180_000;

/** Measures one fleet; its nodes run CHANGED at the end. */
export async function measureFleet(fleet: Fleet, task: Task): Promise<FleetFigures> {
  const { nodes, options, log } = task;
  await edit(fleet.admin, policyOf({ allowances: BASE, nodeSoakSeconds: options.nodeSoakSeconds }));
  const coordinator = await startCoordinator(
    groundOf(fleet.bed, fleet.admin),
    await deployedProgram(fleet.admin),
  );
  using scraper = scrapeEvery(coordinator.metricsPorts);
  const begun = performance.now();
  await log.step(`${nodes} nodes and their agents`, () => fleet.populate(BASE));
  const makeMs = performance.now() - begun;
  await sleep(SETTLE_MS);

  const { window: rollout, rolloutMs, ideal, before, after } = await rollOut(fleet, task);
  const idle = await log.step(`The idle fleet for ${IDLE_SECONDS} s`, idleWindow);
  const upgrade = await replaceAgents(fleet, task);
  const windows = [rollout, idle, upgrade.window];
  const [requests, idleRequests, upgradeRequests] = await countRequests(fleet.bed.folder, windows);
  if (requests === undefined || idleRequests === undefined || upgradeRequests === undefined)
    throw new Error('Expected one request count for each window.');
  const scrapes = await scraper.stop();
  const usage = await coordinator.usage();
  return {
    nodes,
    slots: slotsOf(nodes, MAX_UNAVAILABLE_PERCENT),
    rolloutMs,
    idealMs: ideal,
    requests,
    bytes: after.traffic.bytes - before.traffic.bytes,
    connections: after.traffic.connections - before.traffic.connections,
    idle: { seconds: secondsOf(idle), requests: idleRequests },
    upgrade: { ms: upgrade.ms, bytes: upgrade.bytes, requests: upgradeRequests },
    coordinator: { ...usage, scrapes, decisionMs: await decisionsOf(fleet, coordinator.nodeFlags) },
    harness: {
      makeMs,
      agents: {
        residentBytes: after.residentBytes,
        cpuSeconds: after.cpuSeconds - before.cpuSeconds,
      },
      apiServer: after.apiServer,
      apiServerCpuSeconds: after.apiServer.cpuSeconds - before.apiServer.cpuSeconds,
      warnings: after.warnings,
    },
  };
}

async function decisionsOf({ bed, admin }: Fleet, nodeFlags: readonly string[]): Promise<readonly number[]> {
  const list = JSON.stringify(await admin.send('GET', '/api/v1/nodes'));
  return timeDecisions({ folder: bed.folder, admin, nodeFlags, nodes: Readable.from([list]) });
}

/** Edits the policy and waits until every node is Done; returns the usage before and after. */
async function rollOut(fleet: Fleet, { nodes, nodeMs, options, log }: Task) {
  const { soakSeconds, nodeSoakSeconds } = options;
  const slots = slotsOf(nodes, MAX_UNAVAILABLE_PERCENT);
  const ideal = idealMs({ nodes, slots, canaries: CANARIES, soakMs: soakSeconds * 1000, nodeMs });
  const policy = policyOf({ rollout: 'Coordinated', allowances: CHANGED, soakSeconds, nodeSoakSeconds });
  const before = await used(fleet);
  const from = new Date();
  const title = `One edit for ${nodes} nodes, ideally ${(ideal / 1000).toFixed(0)} s`;
  const rolloutMs = await log.step(title, (note) =>
    fleet.rollOut(policy, { allowances: CHANGED, nodes, limitMs: 2 * ideal + SLACK_MS, note }),
  );
  await sleep(SETTLE_MS);
  return { window: { from, to: new Date() }, rolloutMs, ideal, before, after: await used(fleet) };
}

/** Replaces all agents as an update of their DaemonSet does. */
async function replaceAgents(fleet: Fleet, { nodes, log }: Task) {
  const slots = slotsOf(nodes, MAX_UNAVAILABLE_PERCENT);
  const before = await used(fleet);
  const from = new Date();
  const begun = performance.now();
  await log.step(`An update of the DaemonSet, ${slots} agents at a time`, () => fleet.agents.replace(slots));
  const ms = performance.now() - begun;
  await sleep(SETTLE_MS);
  const { traffic } = await used(fleet);
  return { window: { from, to: new Date() }, ms, bytes: traffic.bytes - before.traffic.bytes };
}

async function used({ agents, apiServerPid }: Fleet) {
  const [tally, apiServer] = await Promise.all([agents.tally(''), usageOf(apiServerPid)]);
  return { ...tally, apiServer };
}

async function idleWindow(): Promise<Window> {
  const from = new Date();
  await sleep(IDLE_SECONDS * 1000);
  return { from, to: new Date() };
}

function secondsOf({ from, to }: Window): number {
  return (to.getTime() - from.getTime()) / 1000;
}
