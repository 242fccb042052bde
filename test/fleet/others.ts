// Other ways to bring the same change to the same nodes.

import type { OtherFigures } from './figures.ts';
import type { Fleet } from './fleet.ts';
import { idealMs } from './ideal.ts';
import { BASE, CHANGED, policyOf } from './lists.ts';
import { WAVES } from './objects.ts';

interface Subject {
  readonly fleet: Fleet;
  readonly nodes: number;
  readonly nodeSoakSeconds: number;
  /** What one node alone takes with that soak, and without any. */
  readonly nodeMs: number;
  readonly unsoakedMs: number;
  readonly note: (text: string) => void;
}

/** The nodes allow CHANGED at its beginning and BASE at its end. */
export async function tenWaves({
  fleet,
  nodes,
  nodeSoakSeconds,
  nodeMs,
  note,
}: Subject): Promise<OtherFigures['waves']> {
  const begun = performance.now();
  for (let wave = 0; wave < WAVES; wave++) {
    // Those whose turn has not come keep what they have.
    const later = Array.from({ length: WAVES - wave - 1 }, (_, at) => wave + 1 + at);
    const policy = policyOf({
      allowances: BASE,
      nodeSoakSeconds,
      ...(later.length > 0 && { more: { allowances: CHANGED, waves: later } }),
    });
    const done = nodesUntil(nodes, wave);
    await fleet.rollOut(policy, {
      allowances: BASE,
      nodes: done,
      limitMs: 60_000 + 3 * nodeMs,
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

/** As kured does it, with the coordinator; the nodes allow BASE at its beginning. A soak would only be waited for. */
export async function oneAtATime({
  fleet,
  nodes,
  unsoakedMs,
  note,
}: Subject): Promise<NonNullable<OtherFigures['oneAtATime']>> {
  const ideal = idealMs({ nodes, slots: 1, canaries: 0, soakMs: 0, nodeMs: unsoakedMs });
  const policy = policyOf({
    rollout: 'Coordinated',
    allowances: CHANGED,
    maxUnavailable: '1',
    canary: 0,
    nodeSoakSeconds: 0,
  });
  const ms = await fleet.rollOut(policy, {
    allowances: CHANGED,
    nodes,
    limitMs: 60_000 + 4 * ideal,
    note,
  });
  return { ms, idealMs: ideal };
}
