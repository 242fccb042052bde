// The cluster and the nodes on which the lessons run.

import type { Cluster } from '../../kubernetes/cluster.ts';
import type { TutorialNode } from '../../kubernetes/nodes.ts';
import { type Lesson, tutorialPod } from '../../kubernetes/pods.ts';
import { awaitRunning, createPod, type Running } from '../../kubernetes/run-pod.ts';

export interface Stage {
  readonly cluster: Cluster;
  readonly nodes: readonly TutorialNode[];
  /** The demo application's image: ikubernetes/demoapp:v1.0 or a compatible one. */
  readonly image: string;
}

/** Runs the work for all nodes in parallel; after all have ended, throws one of the errors. */
export async function onEvery<N, T>(
  nodes: readonly N[],
  work: (node: N) => Promise<T>,
): Promise<readonly T[]> {
  const outcomes = await Promise.allSettled(nodes.map(work));
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
}

/** Makes the lesson's pod for a node and resolves when it runs. */
export async function runPod(stage: Stage, lesson: Lesson, node: TutorialNode): Promise<Running> {
  return awaitRunning(stage.cluster, await makePod(stage, lesson, node));
}

/** Makes the lesson's pod for a node; resolves with its name, without waiting for it to run. */
export async function makePod(
  { cluster, image }: Stage,
  lesson: Lesson,
  node: TutorialNode,
): Promise<string> {
  return createPod(cluster, tutorialPod(lesson, { hostname: node.hostname, node: node.name, image }));
}
