// The tutorial's own namespace.

import type { V1Pod } from '@kubernetes/client-node';
import { until } from '../bed/util/until.ts';
import { type Cluster, ifThere } from './cluster.ts';
import { TutorialError } from './errors.ts';
import { TUTORIAL_NAMESPACE as name } from './names.ts';

const REMOVAL = { timeoutMs: 120_000, everyMs: 250 };

/** Makes the namespace; first removes one that is left from an earlier run. */
export async function makeNamespace(cluster: Cluster): Promise<void> {
  await removeNamespace(cluster);
  await cluster.core.createNamespace({
    body: {
      metadata: {
        name,
        // The stricter Pod Security levels refuse NET_ADMIN and unsafe sysctls, before any kubelet decides.
        labels: { 'pod-security.kubernetes.io/enforce': 'privileged' },
      },
    },
  });
}

/** Resolves when the namespace and its pods are gone: true when it existed. Throws a TutorialError after a timeout. */
export async function removeNamespace(cluster: Cluster): Promise<boolean> {
  const { core } = cluster;
  const found = await ifThere(core.readNamespace({ name }));
  if (found === undefined) return false;
  // Deleting the pods first is faster: the namespace controller retries only after seconds while pods remain.
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
