// The nodes of the tutorial, and waiting for their reports.

import type { V1Node } from '@kubernetes/client-node';
import { KEYS } from '../../agent/names.ts';
import { until } from '../bed/util/until.ts';
import type { Cluster } from './cluster.ts';
import { TutorialError } from './errors.ts';
import {
  type Annotations,
  inOneLine,
  isProvenAs,
  type Settled,
  settledAs,
  type Wanted,
} from './node-progress.ts';
import { goesAtOnce } from './policy.ts';

export interface TutorialNode {
  readonly name: string;
  readonly hostname: string;
  readonly kubelet: string;
}

export interface NodeAnnotations {
  readonly name: string;
  readonly annotations: Annotations;
}

const EVERY_MS = 100;
const PATIENCE_MS = 90_000;
/** Timeout for a coordinated rollout: a canary soaks for a minute, the others follow a few at a time. */
const PACED_PATIENCE_MS = 900_000;

/** Returns every Linux node that accepts user pods: Ready, not cordoned, not tainted. Throws a TutorialError when there is none. */
export async function tutorialNodes(cluster: Cluster): Promise<readonly TutorialNode[]> {
  const { items } = await cluster.core.listNode();
  const nodes = items.filter(takesPods).map((node) => ({
    name: nameOf(node),
    hostname: node.metadata?.labels?.['kubernetes.io/hostname'] ?? nameOf(node),
    kubelet: node.status?.nodeInfo?.kubeletVersion ?? 'unknown',
  }));
  if (nodes.length > 0) return nodes;
  throw new TutorialError('Expected a node that is Ready and takes pods, got none', items.map(nameOf));
}

/** Resolves when an agent reports on each of the nodes; throws a TutorialError after 90 s, or when a node's kubelet does not use KUBELET_EXTRA_ARGS. */
export async function awaitAgents(cluster: Cluster, names: readonly string[]): Promise<void> {
  const { met, seen } = await watchNodes(
    { cluster, names, timeoutMs: PATIENCE_MS },
    ({ annotations }) => annotations[KEYS.state] !== undefined,
  );
  const lines = seen.map(({ name, annotations }) => inOneLine(name, annotations));
  if (!met) throw new TutorialError(`Expected an agent's report on every node, but some have none`, lines);
  if (seen.some(({ annotations }) => annotations[KEYS.state] === 'Unreconcilable')) {
    throw new TutorialError(
      "Expected every node's kubelet to take KUBELET_EXTRA_ARGS, but not all do",
      lines,
    );
  }
}

/** Resolves when each of the nodes is verified to run the wanted names; throws a TutorialError after 90 s, or 15 min in a coordinated rollout. */
export async function awaitProven(
  cluster: Cluster,
  names: readonly string[],
  wanted: Wanted,
  note: (text: string) => void = () => {},
): Promise<void> {
  const timeoutMs = await patience(cluster);
  const { met, seen } = await watchNodes(
    { cluster, names, timeoutMs },
    ({ annotations }) => isProvenAs(annotations, wanted),
    (nodes) => note(statesOf(nodes)),
  );
  if (!met) {
    throw new TutorialError(
      `Expected every node's kubelet to run ${inWords(wanted)} within ${timeoutMs / 1000} s, but not all do`,
      seen.map(({ name, annotations }) => inOneLine(name, annotations)),
    );
  }
}

/** Resolves with what each node shows when all are settled with the wanted names; throws a TutorialError after the same timeouts. */
export async function awaitSettled(
  cluster: Cluster,
  names: readonly string[],
  wanted: Wanted,
  note: (text: string) => void = () => {},
): Promise<readonly (Settled & { readonly node: string })[]> {
  const timeoutMs = await patience(cluster);
  const { met, seen } = await watchNodes(
    { cluster, names, timeoutMs },
    ({ annotations }) => settledAs(annotations, wanted) !== undefined,
    (nodes) => note(statesOf(nodes)),
  );
  const settled = seen.flatMap(({ name, annotations }) => {
    const facts = settledAs(annotations, wanted);
    return facts === undefined ? [] : [{ node: name, ...facts }];
  });
  if (met) return settled;
  throw new TutorialError(
    `Expected every node to be Done ${inWords(wanted)} within ${timeoutMs / 1000} s, but not all are`,
    seen.map(({ name, annotations }) => inOneLine(name, annotations)),
  );
}

/** Returns all annotations of every node of the cluster. */
export async function nodeAnnotations(cluster: Cluster): Promise<readonly NodeAnnotations[]> {
  const { items } = await cluster.core.listNode();
  return items.map((node) => ({ name: nameOf(node), annotations: node.metadata?.annotations ?? {} }));
}

async function patience(cluster: Cluster): Promise<number> {
  return (await goesAtOnce(cluster)) ? PATIENCE_MS : PACED_PATIENCE_MS;
}

async function watchNodes(
  {
    cluster,
    names,
    timeoutMs,
  }: { readonly cluster: Cluster; readonly names: readonly string[]; readonly timeoutMs: number },
  condition: (node: NodeAnnotations) => boolean,
  tell: (nodes: readonly NodeAnnotations[]) => void = () => {},
): Promise<{ readonly met: boolean; readonly seen: readonly NodeAnnotations[] }> {
  let seen: readonly NodeAnnotations[] = [];
  const met = await until(
    async () => {
      seen = (await nodeAnnotations(cluster)).filter(({ name }) => names.includes(name));
      tell(seen);
      return seen.length === names.length && seen.every(condition);
    },
    { timeoutMs, everyMs: EVERY_MS },
  );
  return { met, seen };
}

function takesPods({ metadata, spec, status }: V1Node): boolean {
  const ready = status?.conditions?.some(
    (condition) => condition.type === 'Ready' && condition.status === 'True',
  );
  const tainted = spec?.taints?.some(({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute');
  const linux = metadata?.labels?.['kubernetes.io/os'] !== 'windows';
  return ready === true && tainted !== true && spec?.unschedulable !== true && linux;
}

function statesOf(nodes: readonly NodeAnnotations[]): string {
  return nodes.map(({ name, annotations }) => `${name} ${annotations[KEYS.state] ?? '?'}`).join(', ');
}

function nameOf({ metadata }: V1Node): string {
  return metadata?.name ?? '';
}

function inWords({ allowed, forbidden }: Wanted): string {
  return [
    ...allowed.map((name) => `with ${name} allowed`),
    ...forbidden.map((name) => `with ${name} not allowed`),
  ].join(', ');
}
