// One round: a change begins, and something happens to it at an instant.

import { watchNode } from '../../../e2e/support/node/node-watch.ts';
import { stateOf } from '../../../../scripts/node/wait.ts';
import { listIn } from '../../../../scripts/node/report.ts';
import { hostView, PATHS } from './host-view.ts';
import { atInstant, FLEETING, type Instant } from './steps.ts';
import type { Lists, Subject } from './subject.ts';

interface Round extends Lists {
  /** False when the step was too short to be seen: the change went through undisturbed. */
  readonly hit: boolean;
}

const STEP_MS = 60_000;
const TRIES = 20;

/** Edits the policy. */
export async function begin(subject: Subject): Promise<Lists> {
  const { node, now: old } = subject;
  const next = subject.next();
  await node.setList(next.names);
  return { old, next };
}

/** Edits the policy and calls `act` at the instant. */
async function cutAt(subject: Subject, instant: Instant, act: () => void): Promise<Round> {
  const { node, now: old } = subject;
  await using watch = await watchNode(node.world, node.name);
  const host = hostView(node.bedNode);
  const next = subject.next();
  const wanted = next.names.toSorted().join();
  const before = {
    environmentFile: node.environmentFile,
    bytes: host.bytes(node.environmentFile),
    invocation: host.link(PATHS.invocation),
  };
  const shown = watch.sightings.length;
  const provenAt = (): number | undefined =>
    watch.sightings
      .slice(shown)
      .find(
        ({ report: { state, running } }) =>
          state === 'Working' && listIn(running).toSorted().join() === wanted,
      )?.at;
  const reached = atInstant(instant, { host, before, provenAt, timeoutMs: STEP_MS }, act);
  await node.setList(next.names);
  return { old, next, hit: await reached };
}

/**
 * As `cutAt`, and again after an undisturbed change where the step was too short to be seen. Throws with the node's whole state when
 * the step does not come.
 */
export async function surelyCutAt(subject: Subject, instant: Instant, act: () => void): Promise<Lists> {
  const { world, bedNode } = subject.node;
  for (let tries = TRIES; ; tries -= 1) {
    const { hit, ...lists } = await cutAt(subject, instant, act);
    if (hit) return lists;
    if (tries === 0 || typeof instant !== 'string' || !FLEETING.has(instant)) {
      const step = JSON.stringify(instant);
      throw new Error(
        `Expected a change to come to the step ${step}, but:\n${await stateOf(world, bedNode)}`,
      );
    }
    await subject.awaitRight(lists);
  }
}
