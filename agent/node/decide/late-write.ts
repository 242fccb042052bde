// Whether the kubelet was started before the agent could follow what its assignment hides. Pure.

import { nextArgv } from '../../kubelet/configured.ts';
import { withoutOurFlag } from '../../plan/carried/arguments.ts';
import { withContent } from '../../plan/carried/carried.ts';
import type { Planned } from '../../plan/types.ts';
import { sha256Of } from '../../text/hash.ts';
import type { Observation } from '../observe/observe.ts';
import type { AgentState } from '../state/state-store.ts';

/**
 * True when a person changed what the agent's assignment repeats and then started the kubelet, which got the old copy: it
 * needs the restart that this person has already made. A change without a start waits for the next one, as it would without
 * the agent; so does the edit of another party in any of the unit's files.
 */
export function isWriteLate(
  plan: Planned,
  { unit, argv, runs, changedSince }: Observation,
  agentState: AgentState,
): boolean {
  const last = agentState.history?.findLast(({ file, result }) => file === plan.file && result === 'Done');
  const isOurs = last !== undefined && last.after === sha256Of(plan.before);
  if (plan.carried === undefined || !isOurs || !runs) return false;
  const isNew = plan.changed || changedSince.includes(plan.file);
  const othersAreOld = changedSince.every((path) => path === plan.file);
  const next = nextArgv(withContent(unit, plan.file, plan.after));
  return isNew && othersAreOld && othersIn(argv) !== othersIn(next);
}

/** Returns why the kubelet is restarted though its file needs no change. */
export function lateReason({ file, carried }: Planned): string {
  return `Restarts the kubelet, which was started before ${file} followed ${carried?.origin || 'what it repeats'}.`;
}

/** Returns the arguments other than our flag, as one text. */
function othersIn(argv: readonly string[]): string {
  return JSON.stringify(withoutOurFlag(argv.slice(1)));
}
