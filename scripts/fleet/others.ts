// Other ways to roll out the same change to the same nodes.

import type { OtherFigures } from './report/figures.ts';
import type { Fleet } from './fleet.ts';
import { idealMs } from './ideal.ts';
import { BASE, CHANGED, policyOf } from './lists.ts';
import { WAVES } from './agents/objects.ts';

/** Slack in each limit, in ms. */
const LIMIT_MS = 60_000;

interface Subject {
  readonly fleet: Fleet;
  readonly nodes: number;
  readonly nodeSoakSeconds: number;
  /** Duration of one node's change alone with that soak, and without a soak. */
  readonly nodeMs: number;
  readonly unsoakedMs: number;
  readonly note: (text: string) => void;
}

/** One node at a time, as kured does, with the coordinator and without a soak. The nodes must run CHANGED before. */
export async function oneAtATime({
  fleet,
  nodes,
  unsoakedMs,
  note,
}: Subject): Promise<OtherFigures['oneAtATime']> {
  const ideal = idealMs({ nodes, slots: 1, canaries: 0, soakMs: 0, nodeMs: unsoakedMs });
  const policy = policyOf({
    rollout: 'Coordinated',
    allowances: BASE,
    maxUnavailable: '1',
    canary: 0,
    nodeSoakSeconds: 0,
  });
  const ms = await fleet.rollOut(policy, { allowances: BASE, nodes, limitMs: LIMIT_MS + 4 * ideal, note });
  return { ms, idealMs: ideal };
}

/** Ten waves of edits without approval. The nodes must run BASE before. */
export async function tenWaves({
  fleet,
  nodes,
  nodeSoakSeconds,
  nodeMs,
  note,
}: Subject): Promise<OtherFigures['waves']> {
  const begun = performance.now();
  for (let wave = 0; wave < WAVES; wave++) {
    const waves = Array.from({ length: wave + 1 }, (_, at) => at);
    const policy = policyOf({ allowances: BASE, nodeSoakSeconds, more: { allowances: CHANGED, waves } });
    await fleet.rollOut(policy, {
      allowances: CHANGED,
      nodes: nodesUntil(nodes, wave),
      limitMs: LIMIT_MS + 3 * nodeMs,
      note: (text) => note(`wave ${wave + 1}: ${text}`),
    });
  }
  const plan = { nodes, slots: Math.ceil(nodes / WAVES), canaries: 0, soakMs: 0, nodeMs };
  return { ms: performance.now() - begun, idealMs: idealMs(plan) };
}

/** Returns the number of nodes in that wave and the earlier ones. */
export function nodesUntil(nodes: number, wave: number): number {
  return Array.from({ length: nodes }, (_, index) => index % WAVES).filter((at) => at <= wave).length;
}
