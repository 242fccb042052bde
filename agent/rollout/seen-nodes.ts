// The Nodes as the coordinator last saw them, its own writes included.

import { isDeepStrictEqual } from 'node:util';
import type { FleetNode } from './fleet.ts';
import type { SeenNode } from './ports.ts';

export interface SeenNodes {
  /** Takes in a whole list. True when it told something that a rollout looks at. */
  replace(listed: ReadonlyMap<string, SeenNode>): boolean;
  /** Takes in one Node, unless a newer one is known. True as above. */
  put(seen: SeenNode): boolean;
  /** Takes in the answer to a write: as `put`, but a Node that is gone stays so. */
  wrote(seen: SeenNode): void;
  remove(name: string): boolean;
  get(name: string): SeenNode | undefined;
  nodes(): FleetNode[];
}

export function seenNodes(): SeenNodes {
  const byName = new Map<string, SeenNode>();

  function put(seen: SeenNode): boolean {
    const known = byName.get(seen.node.name);
    if (known !== undefined && isNewer(known.resourceVersion, seen.resourceVersion)) {
      return false;
    }
    // Kubelets report all the time: the same content stays the same object, and is no news.
    const same = known !== undefined && isDeepStrictEqual(known.node, seen.node);
    byName.set(seen.node.name, same ? { ...seen, node: known.node } : seen);
    return !same;
  }

  function remove(name: string): boolean {
    return byName.delete(name);
  }

  return {
    replace(listed) {
      const gone = [...byName.keys()].filter((name) => !listed.has(name));
      const removed = gone.map(remove).length > 0;
      const told = [...listed.values()].map(put).includes(true);
      return removed || told;
    },
    put,
    wrote(seen) {
      if (byName.has(seen.node.name)) {
        put(seen);
      }
    },
    remove,
    get: (name) => byName.get(name),
    nodes: () => [...byName.values()].map(({ node }) => node),
  };
}

/** Resource versions are numbers that grow, of any length (KEP-5504); what is none is not older than anything. */
function isNewer(one: string, other: string): boolean {
  const numbers = /^\d+$/u.test(one) && /^\d+$/u.test(other);
  return numbers && BigInt(one) > BigInt(other);
}
