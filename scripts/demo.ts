// npm run demo: a real cluster, a pod that is refused, one ConfigMap edit, the same pod running on every node.

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errorText } from '../agent/text/error-text.ts';
import { DEFAULT_KUBERNETES_VERSION, kubernetesBinary } from './bed/build/kubernetes.ts';
import { silent } from './bed/util/progress.ts';
import { searchPath } from './bed/build/tool.ts';
import { endWhenInterrupted, runCommand } from './entry/command.ts';
import { bedGround } from './demo/bed-ground.ts';
import { contextGround } from './demo/context-ground.ts';
import { bedFarewell, contextFarewell, leftBehind } from './demo/farewell.ts';
import { type DemoOptions, HELP, parseCommand } from './demo/options.ts';
import { play } from './demo/play.ts';
import { createStory, type Story } from './demo/story.ts';

process.exitCode = await runCommand(parseCommand(process.argv.slice(2)), HELP, tell);

async function tell(options: DemoOptions): Promise<number> {
  const context = options.on === 'context' ? options.cluster.context : undefined;
  const kubectl = context === undefined ? 'kubectl' : `kubectl --context ${context}`;
  const story = createStory({ stream: process.stdout, kubectl });
  const begun = performance.now();
  let touched = options.on === 'bed';
  const left = (): string => (touched ? `\n\n${leftBehind(context)}` : '');
  endWhenInterrupted(() => story.say(`\nInterrupted.${left()}`));
  try {
    const onTouch = (): void => {
      touched = true;
    };
    const farewell =
      options.on === 'bed' ? await onBed(story, options.keep) : await onContext(story, options, onTouch);
    story.tick('The whole story', performance.now() - begun);
    story.say(`\n${farewell}`);
    return 0;
  } catch (error) {
    story.say(`\n${errorText(error)}${left()}`);
    return 1;
  }
}

async function onBed(story: Story, keep: boolean): Promise<string> {
  story.chapter('A cluster of real nodes on this machine');
  const ground = await bedGround(story);
  story.typed('kubectl get nodes');
  story.quote((await ground.kubectl(['get', 'nodes'])).stdout);
  await play(story, ground, keep);
  return bedFarewell({
    kubeconfig: ground.bed.kubeconfig,
    kubectlFolder: await folderOfKubectl(),
    node: ground.bed.nodes[0]?.name ?? '',
  });
}

async function onContext(
  story: Story,
  { cluster, keep }: Extract<DemoOptions, { on: 'context' }>,
  onTouch: () => void,
): Promise<string> {
  story.chapter('Your cluster');
  const ground = await contextGround(cluster, story);
  onTouch();
  await play(story, ground, keep);
  return contextFarewell(cluster.context);
}

/** Returns the folder of the bed's kubectl; undefined where the PATH has a kubectl. */
async function folderOfKubectl(): Promise<string | undefined> {
  if (searchPath().some((folder) => existsSync(join(folder, 'kubectl')))) return undefined;
  return dirname(await kubernetesBinary('kubectl', DEFAULT_KUBERNETES_VERSION, silent));
}
