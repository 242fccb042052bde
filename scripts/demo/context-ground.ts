// An existing cluster of the user.

import { errorText } from '../../agent/text/error-text.ts';
import { coveredBy } from '../../agent/sysctl/coverage.ts';
import { run } from '../bed/build/run.ts';
import { type Cluster, connect } from '../kubernetes/cluster.ts';
import { TutorialError } from '../kubernetes/errors.ts';
import {
  AGENT_NAMESPACE,
  POLICY_CONFIG_MAP,
  TUTORIAL_NAMESPACE,
  UNSAFE_SYSCTL,
} from '../kubernetes/names.ts';
import { allowedNow } from '../kubernetes/policy.ts';
import type { Ground, Kubectl } from '../install/ground.ts';
import type { OwnCluster } from './options.ts';
import type { Story } from './story.ts';

/** Resolves when the cluster answers; throws a TutorialError when there is no kubectl, context or answer, or when the sysctl is already allowed. */
export async function contextGround({ context, image, appImage }: OwnCluster, story: Story): Promise<Ground> {
  const kubectl: Kubectl = (args, options) => run(['kubectl', '--context', context, ...args], options);
  const cluster = connect({ context });
  story.tell(
    `On the cluster of context ${context} the demo applies daemonset/ (namespace ${AGENT_NAMESPACE}, the agent on every node) with ` +
      `image ${image}, runs in the namespace ${TUTORIAL_NAMESPACE}, which it removes afterwards, and adds two names to the list ` +
      'of the ConfigMap, which it removes again. Kubelets restart for it, at the pace that the ConfigMap sets; pods keep ' +
      'running. The agent stays.',
  );
  await story.step(`The cluster of context ${context} answers`, () => answers(kubectl));
  await requireNotAllowed(cluster);
  return { cluster, kubectl, agentImage: { reference: image }, appImage, own: false };
}

async function answers(kubectl: Kubectl): Promise<void> {
  try {
    await kubectl(['version', '--request-timeout=15s']);
  } catch (error) {
    const said = errorText(error);
    throw new TutorialError('Expected kubectl to be installed and the cluster to answer it', [said], {
      cause: error,
    });
  }
}

/** Throws when the policy already allows the sysctl: pods may need it, so the demo does not remove it. */
async function requireNotAllowed(cluster: Cluster): Promise<void> {
  if (!coveredBy(await allowedNow(cluster), UNSAFE_SYSCTL)) return;
  throw new TutorialError(
    `Expected ${UNSAFE_SYSCTL} not to be allowed yet, but the ConfigMap allows it. If no pod needs it, remove it and run this again: ` +
      `kubectl -n ${AGENT_NAMESPACE} edit configmap ${POLICY_CONFIG_MAP}`,
  );
}
