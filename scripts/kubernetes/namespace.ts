// The tutorial's own namespace.

import type { V1Pod } from '@kubernetes/client-node';
import { until } from '../bed/util/until.ts';
import { type Cluster, ifThere } from './cluster.ts';
import { TutorialError } from './errors.ts';
import { TUTORIAL_NAMESPACE as name } from './names.ts';

const REMOVAL = { timeoutMs: 120_000, everyMs: 250 };

/** A fresh namespace: one that is left of an earlier run goes first, with everything in it. */
export async function makeNamespace(cluster: Cluster): Promise<void> {
  await removeNamespace(cluster);
  await cluster.core.createNamespace({
    body: {
      metadata: {
        name,
        // Pod Security's stricter levels refuse NET_ADMIN and unsafe sysctls, whatever a kubelet says.
        labels: { 'pod-security.kubernetes.io/enforce': 'privileged' },
      },
    },
  });
}

/** Resolves when the namespace and its pods are gone; true when there was one. */
export async function removeNamespace(cluster: Cluster): Promise<boolean> {
  const { core } = cluster;
  const found = await ifThere(core.readNamespace({ name }));
  if (found === undefined) return false;
  // A namespace whose pods are gone goes at once; with pods in it its controller looks again only after seconds.
  await core.deleteCollectionNamespacedPod({ namespace: name });
  await until(async () => (await podsIn(cluster)).length === 0, REMOVAL);
  await ifThere(core.deleteNamespace({ name }));
  const gone = await until(async () => (await ifThere(core.readNamespace({ name }))) === undefined, REMOVAL);
  if (gone) return true;
  const left = await podsIn(cluster);
  throw new TutorialError(
    `Expected namespace ${name} to be gone after ${REMOVAL.timeoutMs / 1000} s, but it still exists`,
    left.map(({ metadata, status }) => `pod ${metadata?.name}: ${status?.phase}`),
  );
}

async function podsIn({ core }: Cluster): Promise<readonly V1Pod[]> {
  return (await core.listNamespacedPod({ namespace: name })).items;
}
