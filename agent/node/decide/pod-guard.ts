// Decides whether running pods block a restart. Pure.

import {
  mayEndPods,
  podsRefused,
  refusedText,
  takenAway,
  type Restart,
  type SysctlPod,
} from '../../plan/in-use.ts';
import { fitsNode } from '../../plan/node-requirement.ts';
import { firstNames } from '../../text/names.ts';

/** The node's pods as listed, or why listing failed. */
export type PodList =
  | { readonly kind: 'seen'; readonly pods: readonly SysctlPod[] }
  | { readonly kind: 'unknown'; readonly why: string }
  /** The node has no API server to ask. */
  | { readonly kind: 'none' };

/** Returns why the restart must wait; undefined when it may be made. */
export function blockReason(list: PodList, restart: Restart): string | undefined {
  if (list.kind === 'unknown') {
    return mayEndPods(restart)
      ? `The restart ${removesText(restart)}, but listing the node's pods failed: ${list.why}. Nothing was changed; the agent retries.`
      : undefined;
  }
  if (list.kind === 'none') {
    return mayEndPods(restart)
      ? `The restart ${removesText(restart)}, and without an API server it is not known which pods use that. ` +
          'Nothing was changed. inUse: Proceed in the policy makes the change and ends them.'
      : undefined;
  }
  const refused = podsRefused(list.pods, restart);
  if (refused.length === 0) {
    return undefined;
  }
  const one = refused.length === 1;
  return (
    `${one ? 'A pod that runs here uses' : `${refused.length} pods that run here use`} what the restarted kubelet ` +
    `would no longer allow: ${refusedText(refused)}. Nothing was changed. The agent continues when ` +
    `${one ? 'the pod is' : 'the pods are'} gone (inUse: Proceed ends ${one ? 'it' : 'them'}).`
  );
}

/** UIDs of pods. */
export interface ConcernedPods {
  /** Those that the restart ends. */
  readonly ended: ReadonlySet<string>;
  /** Those with sysctls, when the restart may remove allowances. */
  readonly atStake: ReadonlySet<string>;
}

/** What a restart that removes no allowance does to pods with sysctls: nothing. */
export const ONLY_ADDS: ConcernedPods = { ended: new Set(), atStake: new Set() };

/** Returns the pods that a restart concerns that may remove allowances; undefined when they are not known. */
export function concernedBy(list: PodList, restart: Restart): ConcernedPods | undefined {
  return list.kind !== 'seen'
    ? undefined
    : {
        ended: new Set(podsRefused(list.pods, restart).map(({ uid }) => uid)),
        atStake: new Set(list.pods.filter(({ sysctls }) => sysctls.length > 0).map(({ uid }) => uid)),
      };
}

/** Returns what a restart would do to the pods, for a node that is not changed now; empty when it would end none. */
export function previewText(list: PodList, restart: Restart, inUse: 'Block' | 'Proceed'): string {
  if (list.kind === 'unknown') {
    return mayEndPods(restart)
      ? ` Listing the pods failed, so it is not known whether any would end: ${list.why}.`
      : '';
  }
  if (list.kind === 'none') {
    return mayEndPods(restart) ? ' Without an API server it is not known whether any pod would end.' : '';
  }
  const refused = podsRefused(list.pods, restart);
  if (refused.length === 0) {
    return '';
  }
  const what = inUse === 'Proceed' ? 'Would end' : 'Would wait for the end of';
  return ` ${what} what uses it: ${refusedText(refused)}.`;
}

/**
 * Returns which of the listed pods a kubelet would refuse at any restart, because the node's labels no longer fit them; empty when none.
 * Pods are listed only for a restart that may remove allowances.
 */
export function misfitsText(
  list: PodList | undefined,
  node: { readonly name: string; readonly labels: Readonly<Record<string, string>> },
): string {
  const misfits = (list?.kind === 'seen' ? list.pods : []).filter(
    ({ taken, requirement }) => taken && requirement !== undefined && !fitsNode(requirement, node),
  );
  const names = misfits.map(({ namespace, name }) => `${namespace}/${name}`);
  return names.length === 0
    ? ''
    : ` Any restart of this kubelet ends ${firstNames(names, MOST_NAMED)}: ` +
        "the node's labels no longer fit its node selector or affinity.";
}

const MOST_NAMED = 5;

function removesText(restart: Restart): string {
  return restart.running === undefined
    ? 'may remove allowances (what the kubelet was started with is not known)'
    : `would remove ${takenAway(restart).join(', ')}`;
}
