// Waits for nodes to be Ready and for the default namespace to accept pods.

import { join } from 'node:path';
import { apiServer } from '../network/addresses.ts';
import { apiGet } from './api.ts';
import { currentNode, currentRecord, slownessOf } from '../node/node-make.ts';
import { bedFolder } from '../lifecycle/record.ts';
import { until } from '../util/until.ts';

const READY_TIMEOUT_MS = 120_000;

/** Resolves when pods can be created in the default namespace: the controller manager has created its ServiceAccount. */
export async function waitForPodsWelcome(bed: string): Promise<void> {
  const path = '/api/v1/namespaces/default/serviceaccounts/default';
  const { slot } = currentRecord(bed);
  const there = async (): Promise<boolean> =>
    (await apiGet(bedFolder(bed), apiServer(slot), path).catch(() => undefined))?.status === 200;
  if (await until(there, { timeoutMs: READY_TIMEOUT_MS, everyMs: 200 })) return;
  throw new Error(
    `Expected ${path} within ${READY_TIMEOUT_MS / 1000} s. See ${join(bedFolder(bed), 'log')}.`,
  );
}

/** Resolves when these nodes are Ready; throws when that takes too long. */
export async function waitForReady(bed: string, nodes: readonly string[]): Promise<void> {
  const ready = async (): Promise<boolean> => {
    const found = await readyNodes(bed);
    return nodes.every((node) => found.includes(node));
  };
  const timeoutMs =
    READY_TIMEOUT_MS * Math.max(1, ...nodes.map((node) => slownessOf(currentNode(bed, node))));
  if (await until(ready, { timeoutMs, everyMs: 200 })) return;
  throw new Error(
    `Expected ${nodes.join(', ')} to be Ready within ${(timeoutMs / 1000).toFixed(0)} s, got only: ${(await readyNodes(bed)).join(', ') || 'none'}. ` +
      `See ${join(bedFolder(bed), 'log')} and the nodes' journals.`,
  );
}

/** Returns the names of the Ready nodes; none while the API server does not answer. */
export async function readyNodes(bed: string): Promise<readonly string[]> {
  const { slot } = currentRecord(bed);
  const answer = await apiGet(bedFolder(bed), apiServer(slot), '/api/v1/nodes').catch(() => undefined);
  if (answer?.status !== 200) return [];
  const list: NodeList = JSON.parse(answer.body);
  return list.items
    .filter((node) =>
      node.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'),
    )
    .map((node) => node.metadata.name);
}

interface NodeList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
  }[];
}
