// npm run demo: a real cluster, a pod that is refused, one ConfigMap edit, the same pod running on every node.

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DEFAULT_KUBERNETES_VERSION, kubernetesBinary } from '../test/bed/kubernetes.ts';
import { silent } from '../test/bed/progress.ts';
import { searchPath } from '../test/bed/tool.ts';
import { bedGround } from './demo/bed-ground.ts';
import { contextGround } from './demo/context-ground.ts';
import { bedFarewell, contextFarewell, leftBehind } from './demo/farewell.ts';
import { type Command, HELP, parseCommand } from './demo/options.ts';
import { play } from './demo/play.ts';
import { createStory, type Story } from './demo/story.ts';

type Play = Exclude<Command, { kind: 'help' } | { kind: 'usage' }>;

const INTERRUPTED = 130;

process.exitCode = await main(parseCommand(process.argv.slice(2)));

async function main(command: Command): Promise<number> {
  if (command.kind === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  if (command.kind === 'usage') {
    process.stderr.write(`${command.message}\n\n${HELP}`);
    return 2;
  }
  return tell(command);
}

async function tell(command: Play): Promise<number> {
  const context = command.kind === 'context' ? command.cluster.context : undefined;
  const kubectl = context === undefined ? 'kubectl' : `kubectl --context ${context}`;
  const story = createStory({ stream: process.stdout, kubectl });
  const begun = performance.now();
  let touched = command.kind === 'bed';
  const left = (): string => (touched ? `\n\n${leftBehind(context)}` : '');
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      story.say(`\nInterrupted.${left()}`);
      process.exit(INTERRUPTED);
    });
  }
  try {
    const onTouch = (): void => {
      touched = true;
    };
    const farewell =
      command.kind === 'bed' ? await onBed(story, command.keep) : await onContext(story, command, onTouch);
    story.tick('The whole story', performance.now() - begun);
    story.say(`\n${farewell}`);
    return 0;
  } catch (error) {
    story.say(`\n${error instanceof Error ? error.message : String(error)}${left()}`);
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
  { cluster, keep }: Extract<Play, { kind: 'context' }>,
  onTouch: () => void,
): Promise<string> {
  story.chapter('Your cluster');
  const ground = await contextGround(cluster, story);
  onTouch();
  await play(story, ground, keep);
  return contextFarewell(cluster.context);
}

/** undefined where a person has a kubectl of their own. */
async function folderOfKubectl(): Promise<string | undefined> {
  if (searchPath().some((folder) => existsSync(join(folder, 'kubectl')))) return undefined;
  return dirname(await kubernetesBinary('kubectl', DEFAULT_KUBERNETES_VERSION, silent));
}
