// Lesson 1: a container runs as the user that its pod names, on a port that its pod sets.

import { TutorialError } from '../../kubernetes/errors.ts';
import { outputOf } from '../../kubernetes/exec.ts';
import { processOne } from '../inside.ts';
import { OTHER_PORT } from '../../kubernetes/pods.ts';
import { onEvery, runPod, type Stage } from './stage.ts';

export interface AsUserFacts {
  readonly node: string;
  readonly pod: string;
  /** The user that `ps` shows for the application. */
  readonly user: string;
  /** The line of `ps` with that user. */
  readonly ps: string;
  /** What the application answers on port 8080. */
  readonly answer: string;
}

export const PS = ['ps', '-eo', 'pid,user,args'] as const;

export async function runAsUser(stage: Stage): Promise<readonly AsUserFacts[]> {
  return onEvery(stage.nodes, async (node) => {
    const { pod } = await runPod(stage, 'runasuser', node);
    const ps = await outputOf(stage.cluster, pod, PS);
    const first = processOne(ps);
    if (first === undefined)
      throw new TutorialError(`Expected process 1 in the ps of ${pod}, got none`, [ps]);
    return {
      node: node.name,
      pod,
      user: first.user,
      ps: first.line,
      answer: await answerOf(stage, pod, `127.0.0.1:${OTHER_PORT}`),
    };
  });
}

/** Returns an HTTP server's answer to a request from the pod; retries three times, for a server that has just started. */
export async function answerOf({ cluster }: Stage, pod: string, address: string): Promise<string> {
  const get = `wget -qO- http://${address}/`;
  return outputOf(cluster, pod, [
    'sh',
    '-c',
    `for pause in 0.2 0.5 1; do ${get} 2>/dev/null && exit; sleep $pause; done; exec ${get}`,
  ]);
}
