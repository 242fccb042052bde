// Classifies a pod's status: running, waiting or failed.

import type { V1ContainerStatus, V1Pod, V1PodCondition } from '@kubernetes/client-node';

export type PodState =
  | { readonly kind: 'running'; readonly ip: string }
  /** Waiting does not help: the kubelet refused the pod, its container ended, or its waiting reason is permanent. */
  | { readonly kind: 'failed'; readonly reason: string; readonly message: string }
  | { readonly kind: 'waiting'; readonly why: string };

/** Waiting reasons of a container that are permanent. */
const LASTING = new Set([
  'CrashLoopBackOff',
  'CreateContainerConfigError',
  'CreateContainerError',
  'ErrImageNeverPull',
  'ImagePullBackOff',
  'InvalidImageName',
  'RunContainerError',
]);

export function podState({ status }: V1Pod): PodState {
  if (status?.phase === 'Failed' || status?.phase === 'Succeeded') {
    return {
      kind: 'failed',
      reason: status.reason ?? status.phase,
      message: status.message ?? lastLogLine(status.containerStatuses),
    };
  }
  const waiting = status?.containerStatuses?.find(({ state }) => state?.waiting !== undefined)?.state
    ?.waiting;
  if (waiting?.reason !== undefined && LASTING.has(waiting.reason)) {
    return { kind: 'failed', reason: waiting.reason, message: waiting.message ?? '' };
  }
  const ready =
    status?.containerStatuses?.every((container) => container.state?.running !== undefined) ?? false;
  if (status?.phase === 'Running' && ready && status.podIP !== undefined) {
    return { kind: 'running', ip: status.podIP };
  }
  return {
    kind: 'waiting',
    why: waitingFor(status?.phase, waiting?.reason ?? unscheduled(status?.conditions)),
  };
}

function waitingFor(phase = 'not seen yet', detail: string | undefined): string {
  return detail === undefined ? phase : `${phase}: ${detail}`;
}

function unscheduled(conditions: readonly V1PodCondition[] | undefined): string | undefined {
  const scheduled = conditions?.find(({ type }) => type === 'PodScheduled');
  return scheduled?.status === 'False' ? scheduled.message : undefined;
}

function lastLogLine(containers: readonly V1ContainerStatus[] | undefined): string {
  const ended = containers?.find(({ state }) => state?.terminated !== undefined)?.state?.terminated;
  return ended === undefined ? '' : `exit code ${ended.exitCode}${ended.message ? `: ${ended.message}` : ''}`;
}
