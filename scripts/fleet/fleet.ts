// A fleet of simulated nodes with a real API server, for as long as it is measured.

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Bed, startBed } from '../bed/bed.ts';
import type { Log } from '../bed/util/progress.ts';
import { readRecord } from '../bed/lifecycle/record.ts';
import { type Admin, connectAdmin } from '../bed/control-plane/admin.ts';
import { type Agents, startAgents } from './agents/agents-process.ts';
import type { Tally } from './agents/messages.ts';
import { type Edit, edit } from './policy.ts';

export interface Fleet extends AsyncDisposable {
  readonly bed: Bed;
  readonly admin: Admin;
  readonly agents: Agents;
  readonly apiServerPid: number;
  /** Makes its nodes, whose kubelets allow `allowances`; resolves when every agent has reported. */
  populate(allowances: readonly string[]): Promise<void>;
  /**
   * Edits the ConfigMap and resolves with the ms until so many nodes were Done with `wanted`, as their agents saw it. Rejects
   * with what the others are when that takes longer than `limitMs`.
   */
  rollOut(policy: Edit, wanted: Wanted): Promise<number>;
}

export interface Wanted {
  readonly allowances: readonly string[];
  readonly nodes: number;
  readonly limitMs: number;
  readonly note: (text: string) => void;
}

const MANIFESTS = join(import.meta.dirname, '..', '..', 'daemonset');
/** What one process's agents can do in time: they all wake at the same edit. */
const NODES_A_PROCESS = 1000;
/** The agents tell when they were done; a look at the sockets of thousands takes CPU from them. */
const LOOK_MS = 2000;

/** etcd and the API server, the project's manifests in it, and no node yet. Disposal removes everything. */
export async function makeFleet(nodes: number, log: Log): Promise<Fleet> {
  await using undo = new AsyncDisposableStack();
  const bed = await startBed(
    {
      name: `fleet-${process.pid}-${nodes}`,
      nodes: [],
      audit: true,
      lifetime: 'process',
      controllers: false,
    },
    log,
  );
  undo.defer(() => bed.down());
  await bed.kubectl(['apply', '-k', MANIFESTS]);
  const admin = await connectAdmin(bed, 'fleet-bench');
  undo.defer(() => admin.close());
  const record = readRecord(bed.name);
  const apiServerPid = record?.controlPlane['kube-apiserver']?.pid ?? 0;
  const agents = undo.use(startAgents(Math.ceil(nodes / NODES_A_PROCESS), record?.cgroups ?? []));
  const kept = undo.move();
  return {
    bed,
    admin,
    agents,
    apiServerPid,
    populate: (allowances) =>
      agents.make(nodes, { place: { server: bed.server, folder: bed.folder }, allowances }),
    async rollOut(policy, wanted) {
      const at = await edit(admin, policy);
      return (await whenDone(agents, wanted)) - at;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Epoch ms of the last of them. */
async function whenDone(agents: Agents, { allowances, nodes, limitMs, note }: Wanted): Promise<number> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const tally = await agents.tally(allowances.join(','));
    if (tally.done >= nodes) return tally.doneAt.reduce((last, at) => Math.max(last, at), 0);
    if (performance.now() > deadline) throw new Error(lateText(tally, { nodes, limitMs }));
    note(`${tally.done} of ${nodes} done`);
    await sleep(LOOK_MS);
  }
}

function lateText(tally: Tally, { nodes, limitMs }: Pick<Wanted, 'nodes' | 'limitMs'>): string {
  const states = Object.entries(tally.states).map(
    ([state, count]) => `${count} ${state || 'without a state'}`,
  );
  const warnings = Object.entries(tally.warnings).map(([what, count]) => `${count} × ${what}`);
  return [
    `Expected ${nodes} nodes to be Done within ${(limitMs / 1000).toFixed(0)} s, got ${tally.done}: ${states.join(', ')}.`,
    ...warnings,
  ].join('\n');
}
