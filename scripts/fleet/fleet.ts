// A fleet of simulated nodes with a real API server.

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
  /** Makes the nodes, whose kubelets allow `allowances`; resolves when every agent has reported. */
  populate(allowances: readonly string[]): Promise<void>;
  /**
   * Edits the ConfigMap; resolves with the ms until `nodes` nodes were Done with the new list, as seen by their agents. Rejects
   * with the progress when that takes longer than `limitMs`.
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
/** Agents in a process: more would be late, since all wake at the same edit. */
const NODES_A_PROCESS = 1000;
/** The agents note when they were Done, so frequent polling would only take CPU from them. */
const POLL_MS = 2000;

/** Starts etcd and the API server and applies the project's manifests; makes no node yet. Disposal removes everything. */
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

/** Returns the epoch ms at which the last node was Done. */
async function whenDone(agents: Agents, { allowances, nodes, limitMs, note }: Wanted): Promise<number> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const tally = await agents.tally(allowances.join(','));
    if (tally.done >= nodes) return tally.doneAt.reduce((last, at) => Math.max(last, at), 0);
    if (performance.now() > deadline) throw new Error(lateText(tally, { nodes, limitMs }));
    note(`${tally.done} of ${nodes} done`);
    await sleep(POLL_MS);
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
