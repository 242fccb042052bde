// The chapters of the demo after the cluster is ready, the same on every cluster.

import type { Stage } from '../tutorial/lessons/stage.ts';
import { TUTORIAL_NAMESPACE, UNSAFE_SYSCTL } from '../kubernetes/names.ts';
import { makeNamespace, removeNamespace } from '../kubernetes/namespace.ts';
import { awaitAgents, awaitSettled, tutorialNodes } from '../kubernetes/nodes.ts';
import { forbid, goAtOnce, resetPolicy } from '../kubernetes/policy.ts';
import {
  allowChapter,
  asUserChapter,
  capabilitiesChapter,
  nodesChapter,
  refusalChapter,
  sysctlsChapter,
} from './chapters.ts';
import type { Ground } from '../install/ground.ts';
import { applyManifests, awaitRollout } from '../install/install.ts';
import type { Story } from './story.ts';

/** Runs all chapters; throws a TutorialError when a check fails. */
export async function play(story: Story, ground: Ground, keep: boolean): Promise<void> {
  const stage = await installChapter(story, ground);
  await asUserChapter(story, stage);
  await capabilitiesChapter(story, stage);
  await refusalChapter(story, stage);
  const { added } = await allowChapter(story, stage, ground);
  await sysctlsChapter(story, stage);
  await nodesChapter(story, stage);
  if (!keep) await cleanUp(story, ground, stage, added);
}

async function installChapter(story: Story, ground: Ground): Promise<Stage> {
  const { cluster, kubectl, agentImage, appImage, own } = ground;
  story.chapter('The agent on every node');
  story.typed(`kubectl apply -k daemonset/   # with the image ${agentImage.reference}`);
  const applied = await applyManifests(ground);
  story.quote(applied.filter((line) => /^(namespace|configmap|daemonset)/.test(line)).join('\n'));
  story.tick(`${applied.length} objects applied`);
  await story.step('An agent is Ready on every node', () => awaitRollout(kubectl));
  const stage = { cluster, nodes: await tutorialNodes(cluster), image: appImage };
  const names = namesOf(stage);
  await story.step('Every node reports', () => awaitAgents(cluster, names));
  if (own) await fromTheBeginning(story, stage);
  await story.step(`Namespace ${TUTORIAL_NAMESPACE} made`, () => makeNamespace(cluster));
  return stage;
}

/** Resets the demo's own cluster, so that its nodes refuse the pod again. */
async function fromTheBeginning(story: Story, stage: Stage): Promise<void> {
  const { cluster } = stage;
  await story.step('No pods and no policy of an earlier demo', async (note) => {
    note('the earlier pods');
    await removeNamespace(cluster);
    note('the policy');
    await goAtOnce(cluster);
    if (await resetPolicy(cluster)) await awaitForbidden(stage);
  });
}

async function cleanUp(
  story: Story,
  { cluster, own }: Ground,
  stage: Stage,
  added: readonly string[],
): Promise<void> {
  story.say('');
  await story.step(`Namespace ${TUTORIAL_NAMESPACE} removed`, () => removeNamespace(cluster));
  if (own) return;
  await story.step('The added names are removed from the ConfigMap and every node', () =>
    removeNames(stage, added),
  );
}

async function removeNames(stage: Stage, names: readonly string[]): Promise<void> {
  await forbid(stage.cluster, names);
  await awaitForbidden(stage);
}

async function awaitForbidden(stage: Stage): Promise<void> {
  await awaitSettled(stage.cluster, namesOf(stage), { allowed: [], forbidden: [UNSAFE_SYSCTL] });
}

function namesOf({ nodes }: Stage): readonly string[] {
  return nodes.map(({ name }) => name);
}
