// A cluster that the user already has.

import { run } from '../../test/bed/run.ts';
import { connect } from '../../test/tutorial/cluster.ts';
import { TutorialError } from '../../test/tutorial/errors.ts';
import { AGENT_NAMESPACE, TUTORIAL_NAMESPACE } from '../../test/tutorial/names.ts';
import type { Ground, Kubectl } from './ground.ts';
import type { OwnCluster } from './options.ts';
import type { Story } from './story.ts';

/** Resolves when the cluster answers; throws a TutorialError with the mend when there is no kubectl, context or answer. */
export async function contextGround({ context, image, appImage }: OwnCluster, story: Story): Promise<Ground> {
  const kubectl: Kubectl = (args, options) => run(['kubectl', '--context', context, ...args], options);
  const cluster = connect({ context });
  story.tell(
    `On the cluster of context ${context} this applies daemonset/ (namespace ${AGENT_NAMESPACE}, the agent on every node) with ` +
      `image ${image}, plays in the namespace ${TUTORIAL_NAMESPACE}, which is removed afterwards, and adds two names to the list ` +
      'of the ConfigMap, which are taken out again. Kubelets are restarted for it, pods keep running. The agent stays.',
  );
  await story.step(`The cluster of context ${context} answers`, () => answers(kubectl));
  return { cluster, kubectl, agentImage: { reference: image }, appImage, own: false };
}

async function answers(kubectl: Kubectl): Promise<void> {
  try {
    await kubectl(['version', '--request-timeout=15s']);
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new TutorialError('Expected kubectl to be installed and the cluster to answer it', [said], {
      cause: error,
    });
  }
}
