// Which sysctls the node shows by a label. Pure.

import { allowedByLabels, labelable, labelledNames, MOST_LABELLED } from '../../policy/labelled.ts';
import { coverageOf } from '../../sysctl/coverage.ts';
import { isSafe } from '../../sysctl/safe.ts';
import type { State } from '../../names.ts';
import type { AgentState } from '../state/state-store.ts';
import type { Situation } from './context.ts';

/** Labels for names that the policy no longer names and that the kubelet still allows. */
const MOST_KEPT = MOST_LABELLED;

/**
 * Returns the names of the node's labels; undefined: they stay as they are, since it is not known what the kubelet allows. A label stays
 * while the kubelet allows the name, also when the policy no longer has it: a restarted kubelet ends the pods that select a label
 * which their node has lost. What the agent has applied counts as named until another change is committed.
 */
export function allowsOf(
  { view: { policy }, node, observation }: Pick<Situation, 'view' | 'node' | 'observation'>,
  { lastApplied }: Pick<AgentState, 'lastApplied'>,
  state: State,
): readonly string[] | undefined {
  const isLeft = state === 'Done' || state === 'Unreconcilable';
  if (isLeft && policy?.settings.mode === 'Restore') {
    return [];
  }
  const { running } = observation;
  if (running === undefined) {
    return state === 'Unreconcilable' ? [] : undefined;
  }
  const isCovered = coverageOf(running);
  const isAllowed = (name: string): boolean => isCovered(name) || isSafeOn(observation, name);
  const named = (policy === undefined ? [] : labelledNames(policy)).filter(isAllowed);
  const others = labelable([...allowedByLabels(node.labels), ...lastApplied.ours])
    .filter((name) => !named.includes(name) && isAllowed(name))
    .slice(0, MOST_KEPT);
  return [...named, ...others].toSorted();
}

/**
 * Returns the names of the labels that stand during a change: those of now that the kubelet allows whether the change succeeds or is
 * rolled back. A label is added only when the change is committed.
 */
export function allowsThrough(
  allows: readonly string[] | undefined,
  { node, observation }: Pick<Situation, 'node' | 'observation'>,
  lists: readonly (readonly string[])[],
): readonly string[] {
  const shown = allowedByLabels(node.labels);
  const isCovered = lists.map((list) => coverageOf(list));
  return (allows ?? shown).filter(
    (name) =>
      shown.includes(name) && (isSafeOn(observation, name) || isCovered.every((covers) => covers(name))),
  );
}

function isSafeOn(observation: Situation['observation'], name: string): boolean {
  return observation.kind === 'seen' && isSafe(name, observation.kubelet, observation.kernel);
}
