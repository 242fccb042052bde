// Reads Nodes one at a time: the list of a large cluster is a hundred megabytes.

import { isNotFound } from '../../../cluster/http/errors.ts';
import { objectAt, stringMapAt, type JsonObject } from '../../../cluster/http/json.ts';
import { parseFleetNode } from '../../../cluster/objects/fleet-node.ts';
import { objectsOf } from '../../../cluster/watch/list-items.ts';
import { KEY_PREFIX, KEYS } from '../../../names.ts';
import type { FleetNode } from '../../../rollout/fleet.ts';
import { UserError } from '../errors.ts';
import type { Session } from '../session.ts';

/** A Node as the rollout decision sees it, and what its agent reports. */
export interface ShownNode {
  readonly name: string;
  readonly fleet: FleetNode;
  /** Our annotations but the history, which would fill the memory with thousands of Nodes; none of a node with the host's own service. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** Returns all Nodes, or those that the query selects, in the order of their names. */
export async function listNodes(
  { transport }: Session,
  query: { readonly labelSelector?: string } = {},
): Promise<readonly ShownNode[]> {
  const nodes: ShownNode[] = [];
  const bytes = transport.read({ method: 'GET', path: '/api/v1/nodes', query: { ...query } });
  for await (const object of objectsOf(bytes)) {
    nodes.push(shownNode(object));
  }
  return inOrder(nodes);
}

/** Returns the Node of this name. Throws a UserError when there is none. */
export async function readNode({ transport }: Session, name: string): Promise<JsonObject> {
  const path = `/api/v1/nodes/${encodeURIComponent(name)}`;
  return objectAt((await orNoNode(name, transport.request({ method: 'GET', path }))).body);
}

/** Returns the answer to a request for the Node of this name. Throws a UserError when there is none. */
export async function orNoNode<T>(name: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (isNotFound(error)) throw new UserError(`Expected a node ${name}, found none. See kubectl get nodes.`);
    throw error;
  }
}

/** Returns what commands use of a Node object. */
export function shownNode(object: JsonObject): ShownNode {
  const fleet = parseFleetNode(object).node;
  const annotations = Object.entries(stringMapAt(objectAt(object, 'metadata'), 'annotations'));
  const ours = annotations.filter(([key]) => key.startsWith(KEY_PREFIX) && key !== KEYS.history);
  const isReported = fleet.hostService !== true;
  return { name: fleet.name, fleet, annotations: isReported ? Object.fromEntries(ours) : {} };
}

/** Returns the nodes in the order of their names, node-2 before node-10. */
export function inOrder<T extends { readonly name: string }>(nodes: readonly T[]): readonly T[] {
  return nodes.toSorted((one, other) => ORDER.compare(one.name, other.name));
}

const ORDER = new Intl.Collator('en', { numeric: true });
