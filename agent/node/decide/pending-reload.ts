// Whether a daemon-reload that is pending would change what the agent has planned or proven. Pure.

import type { Plan, Planned } from '../../plan/types.ts';
import { sha256Of } from '../../text/hash.ts';
import type { Observation } from '../observe/observe.ts';

/** Returns why the change must wait for a daemon-reload; undefined when none is pending, or when it makes no difference to the plan. */
export function reloadObstacle(
  observation: Observation,
  plan: Planned,
  afterReload: Plan | undefined,
): string | undefined {
  const effect = afterReload && effectOf(observation, plan, afterReload);
  return effect === undefined
    ? undefined
    : `${pendingText(observation)} ${effect} Nothing was changed. Run systemctl daemon-reload on the node, or correct the drop-in.`;
}

/** Returns what a daemon-reload would take from a node that is Done; undefined when the next start would allow what is desired. */
export function reloadWarning(observation: Observation, afterReload: Plan | undefined): string | undefined {
  const starts = observation.pending?.execStarts ?? 1;
  if (
    afterReload === undefined ||
    (starts === 1 && afterReload.kind === 'planned' && afterReload.missing.length === 0)
  ) {
    return undefined;
  }
  const effect =
    starts === 1 && afterReload.kind === 'planned'
      ? `the next start of the kubelet would not allow ${afterReload.missing.join(', ')}.`
      : (brokenText(starts, afterReload) ?? '');
  return `${pendingText(observation)} After a daemon-reload ${effect}`;
}

function pendingText({ status, pending }: Observation): string {
  return `The files of ${status.name} were written since systemd loaded them: ${pending?.differences.join('; ') ?? ''}.`;
}

function effectOf({ pending }: Observation, plan: Planned, next: Plan): string | undefined {
  const broken = brokenText(pending?.execStarts ?? 1, next);
  if (broken !== undefined || next.kind !== 'planned') {
    return `After a daemon-reload ${broken ?? ''}`;
  }
  if (next.file !== plan.file || next.variable !== plan.variable) {
    return `After a daemon-reload the place of ${plan.variable ?? 'the list'} is ${next.file}, and not ${plan.file}.`;
  }
  const isSame =
    sha256Of(next.after) === sha256Of(plan.after) &&
    JSON.stringify(next.words.after) === JSON.stringify(plan.words.after) &&
    next.configured.after.toSorted().join() === plan.configured.after.toSorted().join();
  return isSame ? undefined : `After a daemon-reload the kubelet would start with other arguments.`;
}

function brokenText(execStarts: number, next: Plan): string | undefined {
  if (execStarts !== 1) {
    return `systemd would not start the unit, because it has ${execStarts} ExecStart= and one is expected.`;
  }
  switch (next.kind) {
    case 'planned':
      return undefined;
    case 'unreconcilable':
      return `the agent could not change this node. ${next.reason}`;
    case 'refused':
      return `${next.file} could not be edited. ${next.message}`;
  }
}
