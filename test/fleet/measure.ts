// One fleet, from its first node to its figures.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../bed/progress.ts';
import type { CoordinatorFigures, FleetFigures, SingleFigures } from './figures.ts';
import { type Coordinator, startCoordinator } from './coordinator-process.ts';
import type { Fleet } from './fleet.ts';
import { idealMs, slotsOf } from './ideal.ts';
import { BASE, CANARIES, CHANGED, MAX_UNAVAILABLE_PERCENT, policyOf } from './lists.ts';
import type { FleetOptions } from './options.ts';
import { edit } from './policy.ts';
import { usageOf } from './process-figures.ts';
import { countRequests, type Window } from './requests.ts';
import { spreadOf } from '../bench/statistics.ts';

const IDLE_SECONDS = 60;
/** From the last node that is Done to the idle window: what is still to be told is told by then. */
const SETTLE_MS = 10_000;
/** Beyond the ideal, for a machine that is too small for the fleet. */
const SLACK_MS = 180_000;

export async function measureFleet(
  fleet: Fleet,
  nodes: number,
  {
    options,
    single,
    log,
  }: { readonly options: FleetOptions; readonly single: SingleFigures; readonly log: Log },
): Promise<{ readonly figures: FleetFigures; readonly coordinator: Coordinator | undefined }> {
  const { soakSeconds, nodeSoakSeconds } = options;
  const { admin, agents } = fleet;
  await edit(admin, policyOf({ allowances: BASE, nodeSoakSeconds }));
  const coordinator = await startCoordinator(fleet.bed, admin);
  const begun = performance.now();
  await log.step(`${nodes} nodes and their agents`, () => fleet.populate(BASE));
  const makeMs = performance.now() - begun;
  await sleep(SETTLE_MS);

  const slots = slotsOf(nodes, MAX_UNAVAILABLE_PERCENT);
  const nodeMs = spreadOf(single.nodeMs).median;
  const paced = { nodes, slots, canaries: CANARIES, soakMs: soakSeconds * 1000, nodeMs };
  const plan = coordinator === undefined ? { ...paced, slots: nodes, canaries: 0 } : paced;
  const ideal = idealMs(plan);
  const [before, apiBefore] = await Promise.all([agents.tally(''), usageOf(fleet.apiServerPid)]);
  const from = new Date();
  const rolloutMs = await log.step(`One edit for ${nodes} nodes, ideally ${inSeconds(ideal)} s`, (note) =>
    fleet.rollOut(
      policyOf({
        allowances: CHANGED,
        rollout: coordinator === undefined ? 'Immediate' : 'Coordinated',
        soakSeconds,
        nodeSoakSeconds,
      }),
      { allowances: CHANGED, nodes, limitMs: 2 * ideal + SLACK_MS, note },
    ),
  );
  await sleep(SETTLE_MS);
  const rollout: Window = { from, to: new Date() };
  const [after, apiServer] = await Promise.all([agents.tally(''), usageOf(fleet.apiServerPid)]);
  const idle = await log.step(`Nothing to do for ${IDLE_SECONDS} s`, () => idleWindow());
  const [requests, idleRequests] = await countRequests(fleet.bed.folder, [rollout, idle]);
  if (requests === undefined || idleRequests === undefined) throw new Error('Expected a count a window.');
  const figures: FleetFigures = {
    nodes,
    slots,
    rolloutMs,
    idealMs: ideal,
    requests,
    bytes: after.traffic.bytes - before.traffic.bytes,
    connections: after.traffic.connections - before.traffic.connections,
    idle: { seconds: (idle.to.getTime() - idle.from.getTime()) / 1000, requests: idleRequests },
    coordinator: await figuresOf(coordinator),
    harness: {
      makeMs,
      agents: { residentBytes: after.residentBytes, cpuSeconds: after.cpuSeconds - before.cpuSeconds },
      apiServer,
      apiServerCpuSeconds: apiServer.cpuSeconds - apiBefore.cpuSeconds,
      warnings: after.warnings,
    },
  };
  return { figures, coordinator };
}

async function idleWindow(): Promise<Window> {
  const from = new Date();
  await sleep(IDLE_SECONDS * 1000);
  return { from, to: new Date() };
}

async function figuresOf(coordinator: Coordinator | undefined): Promise<CoordinatorFigures | undefined> {
  if (coordinator === undefined) return undefined;
  return { ...(await coordinator.usage()), decisionMs: [] };
}

function inSeconds(ms: number): string {
  return (ms / 1000).toFixed(0);
}
