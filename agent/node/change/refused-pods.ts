// Pods that ran and that a restarted kubelet refused: for the change, or for reasons of their own.

import { FORBIDDEN } from '../../names.ts';
import { firstNames } from '../../text/names.ts';
import type { SeenPod } from '../ports.ts';

const MOST_NAMED = 5;

/** Reasons with which a kubelet or a controller fails a pod that it had admitted. */
const OTHER_REASONS = new Set([
  '',
  'Evicted',
  'DeadlineExceeded',
  'Preempting',
  'Terminated',
  'NodeShutdown',
  'NodeLost',
]);

/**
 * True for a pod that ran and that the kubelet refused at its start. Until the kubelet has stopped the pod's containers, the API server
 * shows the pod in its old phase, without a reason and without containers; then as Failed with the reason of the admission, or as
 * Succeeded when they exited with 0 (kubernetes pkg/kubelet/kubelet.go, rejectPod; pkg/kubelet/status/status_manager.go, mergePodStatus).
 */
export function isRefused({ isEnding, phase, reason, hasContainers, hadContainers }: SeenPod): boolean {
  return hadContainers && !isEnding && (phase === 'Failed' ? !OTHER_REASONS.has(reason) : !hasContainers);
}

/**
 * True when the list may be why the kubelet refused the pod. Any other refusal (a device, a node label that is gone) comes with every
 * restart, and the restart of a rollback would end the pods that replaced these. `atStake`: UIDs of the pods with sysctls when the change
 * removes allowances.
 */
export function isForSysctls(
  { uid, reason }: SeenPod,
  { atStake }: { readonly atStake: ReadonlySet<string> },
): boolean {
  return reason === FORBIDDEN || (reason === '' && atStake.has(uid));
}

/** Why the change is rolled back. */
export function refusalText(pods: readonly SeenPod[]): string {
  return `the new kubelet refused ${named(pods)}; kubectl describe pod says why`;
}

/** What happened to pods that do not count against the change; undefined when there are none. */
export function lostText(pods: readonly SeenPod[]): string | undefined {
  return pods.length === 0
    ? undefined
    : `the restarted kubelet refused ${named(pods)}, for reasons that have nothing to do with sysctls; ` +
        'it refuses such pods at every restart, so the change was kept';
}

function named(pods: readonly SeenPod[]): string {
  const names = pods.map(
    ({ namespace, name, reason }) => `${namespace}/${name}${reason === '' ? '' : ` (${reason})`}`,
  );
  const count = pods.length === 1 ? 'a pod that ran' : `${pods.length} pods that ran`;
  return `${count}: ${firstNames(names, MOST_NAMED)}`;
}
