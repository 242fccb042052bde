// Detects another program that takes the agent's flag out again, by what happens to the flag, not to the file. Pure.

import { takerText } from '../../plan/taker.ts';
import { coverageOf } from '../../sysctl/coverage.ts';
import { formatVersion } from '../../sysctl/version.ts';
import type { AgentState, PastChange } from '../state/state-store.ts';
import type { Context } from './context.ts';
import { rewrittenReason } from './reasons.ts';
import { retriedSince } from './retry-request.ts';

/** How often the flag is taken out within one boot before the agent leaves it out. */
const MOST_TIMES = 2;

/** What the changes must have in common: a new boot, policy or kubelet is a reason to write a file again. */
export interface Epoch {
  readonly revision: string;
  readonly boot: string | undefined;
  readonly kubelet: string;
}

/**
 * True when another party took the flag out since the agent's last change: the last change of this epoch that succeeded had configured
 * what is missing now. One that withdrew the flag from a kubelet that does not know it had not.
 */
export function isTakenOut(agentState: AgentState, epoch: Epoch, { missing }: Missing, now: Date): boolean {
  const last = changesOf(agentState, epoch, now).findLast(({ result }) => result === 'Done');
  return missing.length > 0 && last !== undefined && missing.every(coverageOf(last.to));
}

/** Returns how often the flag was taken out in this epoch, and the error of the last change that failed for it, if that was the last time. */
export function timesTakenOut(
  agentState: AgentState,
  epoch: Epoch,
  plan: Missing,
  now: Date,
): { readonly times: number; readonly why: string | undefined } {
  const before = changesOf(agentState, epoch, now).filter(({ takenOut }) => takenOut === true);
  return isTakenOut(agentState, epoch, plan, now)
    ? { times: before.length + 1, why: undefined }
    : { times: before.length, why: before.at(-1)?.why };
}

/** Returns why the agent leaves the flag out; undefined while it does not. */
export function otherWriterReason(context: Context): string | undefined {
  const { observation, plan, desired, agentState, node, now } = context;
  const { times, why } = timesTakenOut(agentState, epochOf(context), plan, now);
  if (!plan.changed || plan.missing.length === 0 || times < MOST_TIMES) {
    return undefined;
  }
  const { file, variable = null } = plan;
  const taker = why ?? takerText(observation.unit, { file, variable }, desired.allowances);
  return rewrittenReason({ taker, times, plan, node: node.name });
}

interface Missing {
  /** Desired, and not configured now. */
  readonly missing: readonly string[];
}

/**
 * Returns the changes of this epoch, oldest first, since another revision was applied and since a user's retry request. Another
 * revision for which nothing had to be changed shows in the state alone.
 */
function changesOf(agentState: AgentState, epoch: Epoch, now: Date): readonly PastChange[] {
  const { revision, boot, kubelet } = epoch;
  const { history = [], appliedRevision, failure } = agentState;
  const other = history.findLastIndex((change) => change.result === 'Done' && change.revision !== revision);
  return history
    .slice(other + 1)
    .filter((change) => change.revision === revision && change.boot === boot && change.kubelet === kubelet)
    .filter(({ result }) => (result === 'Done' ? appliedRevision : failure?.revision) === revision)
    .filter(({ at }) => !retriedSince(agentState, at, now));
}

/** Returns the epoch of a change that begins now. */
export function epochOf({ observation, desired }: Pick<Context, 'observation' | 'desired'>): Epoch {
  const { boot, kubelet } = observation;
  return { revision: desired.revision, boot, kubelet: formatVersion(kubelet) };
}
