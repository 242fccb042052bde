// Lesson 2: one capability more (NET_ADMIN, to redirect 8080 to 80), one less (without CHOWN, root cannot chown).

import { execIn, outputOf } from '../../kubernetes/exec.ts';
import { OTHER_PORT, podName } from '../../kubernetes/pods.ts';
import { answerOf } from './as-user.ts';
import { onEvery, runPod, type Stage } from './stage.ts';

export interface CapabilitiesFacts {
  readonly node: string;
  readonly pod: string;
  /** The answer of the application, which listens on port 80, to another pod's request on 8080. */
  readonly answer: string;
  /** The rules of the pod's own PREROUTING chain. */
  readonly rules: readonly string[];
  readonly chown: { readonly exitCode: number; readonly message: string };
}

export const LIST_RULES = ['iptables', '-t', 'nat', '-S', 'PREROUTING'] as const;
export const CHOWN = ['chown', '1001:1001', '/etc/hosts'] as const;

/** Sends requests from the pods of the first lesson, which must exist: the redirect applies only to incoming packets. */
export async function changeCapabilities(stage: Stage): Promise<readonly CapabilitiesFacts[]> {
  return onEvery(stage.nodes, async (node) => {
    const { pod, ip } = await runPod(stage, 'capabilities', node);
    const answer = await answerOf(stage, podName('runasuser', node.name), `${bracketed(ip)}:${OTHER_PORT}`);
    const rules = (await outputOf(stage.cluster, pod, LIST_RULES)).split('\n');
    const { exitCode, stderr } = await execIn(stage.cluster, pod, CHOWN);
    return { node: node.name, pod, answer, rules, chown: { exitCode, message: stderr } };
  });
}

function bracketed(ip: string): string {
  return ip.includes(':') ? `[${ip}]` : ip;
}
