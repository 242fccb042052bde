// A kubelet that does not take our flag: an upgrade has removed it. Pure.

import { ALLOWED_FLAG, allowedByFlags, parseFlags } from '../../kubelet/flags/flags.ts';
import { placeOfFlag } from '../../kubelet/flags/unknown-flag.ts';
import { formatVersion } from '../../sysctl/version.ts';
import type { Context, Planned, Verdict } from './context.ts';
import { notRunningReason } from './reasons.ts';
import type { Observation } from '../observe/observe.ts';

/** Whether the words of a variable have our flag. */
export function hasFlag(words: readonly string[]): boolean {
  return allowedByFlags(parseFlags(words)) !== undefined;
}

/** Whether the plan takes our flag away from a kubelet that does not start with it. */
export function withdrawsFlag({ takesFlag }: Pick<Observation, 'takesFlag'>, plan: Planned): boolean {
  return !takesFlag && plan.changed && hasFlag(plan.words.before) && !hasFlag(plan.words.after);
}

/** Working for a kubelet that does not take our flag while the file has it, also while that kubelet stops or starts. */
export function flagWithdrawal({ observation, plan }: Context): Verdict | undefined {
  return withdrawsFlag(observation, plan)
    ? { state: 'Working', reason: withdrawnReason(observation, plan) }
    : undefined;
}

/** The verdict on a node whose kubelet does not take our flag, where the agent has nothing to withdraw; undefined when it needs none. */
export function refusedFlag(context: Context): Verdict | undefined {
  const { observation, plan, agentState, desired } = context;
  const { takesFlag, unit, runs } = observation;
  if (takesFlag) {
    return undefined;
  }
  const place = placeOfFlag(unit, ALLOWED_FLAG);
  if (place !== undefined) {
    const reason = `${refusesText(observation)} Another party has it in ${place}. ${whereInstead(observation)} Remove the flag there.`;
    return { state: 'Blocked', reason };
  }
  const isMissing = desired.allowances.length > 0 && context.drift.missing.length > 0;
  // The agent's drop-in needs no flag.
  if (!isMissing || plan.variable === undefined || context.view.policy?.settings.mode === 'Restore') {
    return undefined;
  }
  if (!runs) {
    return { state: 'Blocked', reason: notRunningReason(observation.status, unit, observation.errorLine) };
  }
  // Unreconcilable where the agent has never set the flag: nothing has failed.
  const wasOurs = agentState.lastChange !== undefined;
  return wasOurs
    ? { state: 'Degraded', reason: withdrawnReason(observation, plan) }
    : { state: 'Unreconcilable', reason: `${refusesText(observation)} ${whereInstead(observation)}` };
}

/** Returns that our flag is no longer in the file, why, and where to set the list. */
export function withdrawnReason(observation: Observation, { file }: Planned): string {
  return (
    `${refusesText(observation)} The agent has taken its flag out of ${file}, so that the kubelet starts: it runs without the list. ` +
    whereInstead(observation)
  );
}

function refusesText({ unit, kubelet }: Observation): string {
  return `${unit.execStart[0] ?? 'The kubelet'} (${formatVersion(kubelet)}) does not take --${ALLOWED_FLAG}.`;
}

function whereInstead({ config }: Observation): string {
  const file = config.config?.path ?? "the kubelet's config.yaml (--config)";
  return `Set the list as allowedUnsafeSysctls in ${file}, then restart the kubelet.`;
}
