// The in-use guard: what the node's pods say to a restart that is due. Pure.

import {
  mayEndPods,
  podsRefused,
  refusedText,
  takenAway,
  type Restart,
  type SysctlPod,
} from '../../plan/in-use.ts';

/** The node's pods as they were seen, or why they could not be. */
export type PodList =
  | { readonly kind: 'seen'; readonly pods: readonly SysctlPod[] }
  | { readonly kind: 'unknown'; readonly why: string };

/** Why the restart must wait; undefined when it may be made. */
export function blockReason(look: PodList, restart: Restart): string | undefined {
  if (look.kind === 'unknown') {
    return mayEndPods(restart)
      ? `The restart ${removesText(restart)}, but listing the node's pods failed: ${look.why}. Nothing was changed; the agent retries.`
      : undefined;
  }
  const refused = podsRefused(look.pods, restart);
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

/** UIDs of the pods that the restart ends; undefined where the pods are not known. */
export function endedBy(look: PodList, restart: Restart): ReadonlySet<string> | undefined {
  return look.kind === 'unknown' ? undefined : new Set(podsRefused(look.pods, restart).map(({ uid }) => uid));
}

/** What a policy that changes nothing says of the pods; empty when the restart would end none. */
export function previewText(look: PodList, restart: Restart, inUse: 'Block' | 'Proceed'): string {
  if (look.kind === 'unknown') {
    return mayEndPods(restart)
      ? ` Listing the pods failed, so it is not known whether any would end: ${look.why}.`
      : '';
  }
  const refused = podsRefused(look.pods, restart);
  if (refused.length === 0) {
    return '';
  }
  const what = inUse === 'Proceed' ? 'Would end' : 'Would wait for the end of';
  return ` ${what} what uses it: ${refusedText(refused)}.`;
}

function removesText(restart: Restart): string {
  return restart.running === undefined
    ? 'may remove allowances (what the kubelet was started with is not known)'
    : `would remove ${takenAway(restart).join(', ')}`;
}
