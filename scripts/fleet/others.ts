// Other ways to bring the same change to the same nodes.

import type { OtherFigures } from './report/figures.ts';
import type { Fleet } from './fleet.ts';
import { idealMs } from './ideal.ts';
import { BASE, CHANGED, policyOf } from './lists.ts';
import { WAVES } from './agents/objects.ts';

/** Beyond what it shall take. */
const LIMIT_MS = 60_000;

interface Subject {
  readonly fleet: Fleet;
  readonly nodes: number;
  readonly nodeSoakSeconds: number;
  /** What one node alone takes with that soak, and without any. */
  readonly nodeMs: number;
  readonly unsoakedMs: number;
  readonly note: (text: string) => void;
}

/** As kured does it, with the coordinator; the nodes allow CHANGED at its beginning. A soak would only be waited for. */
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

/** The nodes allow BASE at its beginning. */
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

/** How many are in that wave or an earlier one. */
export function nodesUntil(nodes: number, wave: number): number {
  return Array.from({ length: nodes }, (_, index) => index % WAVES).filter((at) => at <= wave).length;
}
