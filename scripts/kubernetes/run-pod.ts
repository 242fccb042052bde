// Makes the tutorial's pods, waits for them and removes them.

import { setTimeout as sleep } from 'node:timers/promises';
import type { CoreV1Event, V1Pod } from '@kubernetes/client-node';
import { until } from '../bed/util/until.ts';
import { type Cluster, ifThere, statusCode } from './cluster.ts';
import { TutorialError } from './errors.ts';
import { TUTORIAL_NAMESPACE as namespace } from './names.ts';
import { podState, type PodState } from './pod-state.ts';

/** Long enough for an image to be pulled. */
const START = { timeoutMs: 180_000, everyMs: 150 };
const REFUSAL = { timeoutMs: 60_000, everyMs: 150 };
const REMOVAL = { timeoutMs: 60_000, everyMs: 150 };
/** A new namespace admits no pod until it has its ServiceAccount. */
const ADMISSION = { tries: 50, everyMs: 200 };

export interface Running {
  readonly pod: string;
  readonly ip: string;
}

export interface Refused {
  readonly pod: string;
  readonly reason: string;
  readonly message: string;
}

/** Makes the pod, after removing one with the same name; returns the name. */
export async function createPod(cluster: Cluster, pod: V1Pod): Promise<string> {
  const name = pod.metadata?.name ?? '';
  await removePod(cluster, name);
  for (let tries = ADMISSION.tries; ; tries--) {
    try {
      await cluster.core.createNamespacedPod({ namespace, body: pod });
      return name;
    } catch (error) {
      const early = statusCode(error) === 403 && String(error).includes('serviceaccount');
      if (!early || tries === 0) throw error;
      await sleep(ADMISSION.everyMs);
    }
  }
}

/** Resolves when the pod runs; throws a TutorialError with its status and Events when it fails, or after 180 s. */
export async function awaitRunning(cluster: Cluster, pod: string): Promise<Running> {
  const state = await settled(cluster, pod, START.timeoutMs);
  if (state.kind === 'running') return { pod, ip: state.ip };
  throw await unexpected(cluster, pod, 'run', state);
}

/** Resolves when the kubelet has refused the pod; throws a TutorialError when the pod runs. */
export async function awaitRefused(cluster: Cluster, pod: string): Promise<Refused> {
  const state = await settled(cluster, pod, REFUSAL.timeoutMs);
  if (state.kind === 'failed') return { pod, reason: state.reason, message: state.message };
  throw await unexpected(cluster, pod, 'be refused', state);
}

/** Resolves when the pod is gone. */
export async function removePod(cluster: Cluster, pod: string): Promise<void> {
  const found = await ifThere(cluster.core.deleteNamespacedPod({ namespace, name: pod }));
  if (found === undefined) return;
  const gone = await until(async () => (await read(cluster, pod)) === undefined, REMOVAL);
  if (!gone)
    throw new TutorialError(
      `Expected pod ${pod} to be gone after ${REMOVAL.timeoutMs / 1000} s, but it still exists`,
    );
}

async function settled(cluster: Cluster, pod: string, timeoutMs: number): Promise<PodState> {
  let state: PodState = { kind: 'waiting', why: 'not seen yet' };
  await until(
    async () => {
      const seen = await read(cluster, pod);
      state =
        seen === undefined
          ? { kind: 'failed', reason: 'Gone', message: 'the pod was deleted' }
          : podState(seen);
      return state.kind !== 'waiting';
    },
    { ...START, timeoutMs },
  );
  return state;
}

async function read(cluster: Cluster, name: string): Promise<V1Pod | undefined> {
  return ifThere(cluster.core.readNamespacedPod({ namespace, name }));
}

async function unexpected(
  cluster: Cluster,
  pod: string,
  wanted: string,
  state: PodState,
): Promise<TutorialError> {
  const events = await cluster.core.listNamespacedEvent({
    namespace,
    fieldSelector: `involvedObject.name=${pod}`,
  });
  return new TutorialError(
    `Expected pod ${pod} to ${wanted}, got ${inWords(state)}`,
    events.items.map(eventLine),
  );
}

function inWords(state: PodState): string {
  if (state.kind === 'running') return 'Running';
  return state.kind === 'failed' ? `${state.reason}: ${state.message}` : `${state.why} at the timeout`;
}

function eventLine({ type, reason, message }: CoreV1Event): string {
  return `${type} ${reason}: ${message}`;
}
