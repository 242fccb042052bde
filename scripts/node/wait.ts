// Waits for a condition of a node; the error after a timeout has the node's complete state.

import { STATE_FILE } from '../../agent/node/state/state-store.ts';
import type { BedNode } from '../bed/bed.ts';
import { until } from '../bed/util/until.ts';
import { AGENT_NAMESPACE, AGENT_PODS } from '../kubernetes/names.ts';
import { agentPodOn } from './agent-pod.ts';
import { kubeletOn } from './kubelet.ts';
import { reportOf } from './report.ts';
import type { World } from './world.ts';

/** Many cases wait at the same time, and each question takes processor time from what they wait for. */
const EVERY_MS = 250;
/** Longer than a change whose kubelet reports its node late. */
const TIMEOUT_MS = 90_000;
const LOG_LINES = 12;
const LINE_LENGTH = 400;

export interface Wait {
  /** Completes "Expected n1 to", such as `be Done`. */
  readonly what: string;
  /** Of a container; times the node's slowness. */
  readonly timeoutMs?: number;
}

/** Resolves with the first answer that is not undefined; throws with the node's complete state after the timeout. */
export async function waitFor<T>(
  world: World,
  node: BedNode,
  { what, timeoutMs: forAContainer = TIMEOUT_MS }: Wait,
  ask: () => Promise<T | undefined>,
): Promise<T> {
  const timeoutMs = forAContainer * node.slowness;
  const answers: T[] = [];
  const asked = async (): Promise<boolean> => {
    const answer = await ask();
    if (answer !== undefined) answers.push(answer);
    return answer !== undefined;
  };
  await until(asked, { timeoutMs, everyMs: EVERY_MS });
  const [answer] = answers;
  if (answer !== undefined) return answer;
  throw new Error(
    `Expected ${node.name} to ${what} within ${(timeoutMs / 1000).toFixed(0)} s, but:\n${await stateOf(world, node)}`,
  );
}

/** Returns everything that helps to find out why a node is not in the expected state. */
export async function stateOf(world: World, node: BedNode): Promise<string> {
  const parts: readonly [string, () => Promise<string>][] = [
    ['report', async () => JSON.stringify(await reportOf(world, node.name), undefined, 2)],
    ['environment file', async () => String(await node.files.read(environmentFileOf(node)))],
    ['kubelet', async () => JSON.stringify(await kubeletOn(node))],
    ['memory', () => memoryOf(node)],
    ['kubelet log', () => lastLogLine(node)],
    ['agent', async () => JSON.stringify(await agentPodOn(world, node.name))],
    ['agent log', () => agentLog(world, node.name)],
  ];
  const texts = parts.map(async ([title, ask]) => `--- ${title}\n${await ask().catch(String)}`);
  return (await Promise.all(texts)).join('\n');
}

/** Returns the file from which the node's unit reads KUBELET_EXTRA_ARGS. */
export function environmentFileOf({ spec }: Pick<BedNode, 'spec'>): string {
  return spec.layout === 'rpm' ? '/etc/sysconfig/kubelet' : '/etc/default/kubelet';
}

/** Returns the agent's state.json without the policy's data, which is long. */
async function memoryOf(node: BedNode): Promise<string> {
  const content = await node.files.read(STATE_FILE);
  return content === undefined ? 'none' : JSON.stringify({ ...JSON.parse(content.toString()), policy: '…' });
}

async function agentLog({ bed }: World, node: string): Promise<string> {
  const pods = ['-l', AGENT_PODS, '--field-selector', `spec.nodeName=${node}`, '-o', 'name'];
  const { stdout } = await bed.kubectl(['-n', AGENT_NAMESPACE, 'get', 'pods', ...pods], { timeoutMs: 5000 });
  const [pod = ''] = stdout.split('\n');
  const log = ['logs', pod, `--tail=${LOG_LINES}`];
  return short(
    (await bed.kubectl(['-n', AGENT_NAMESPACE, ...log], { reject: false, timeoutMs: 5000 })).stdout,
  );
}

async function lastLogLine(node: BedNode): Promise<string> {
  const args = ['--no-pager', '--output=cat', '--unit=kubelet', `--lines=${LOG_LINES}`];
  return short(
    (await node.exec(['journalctl', ...args], { reject: false, timeoutMs: 5000 * node.slowness })).stdout,
  );
}

function short(text: string): string {
  const lines = text.split('\n').map((line) => line.slice(0, LINE_LENGTH));
  return lines.join('\n');
}
