// The coordinator's picture of the Nodes: what lists and watches gave, and the answers to its own writes.

import { isDeepStrictEqual } from 'node:util';
import type { FleetNode } from './fleet.ts';
import type { SeenNode } from './ports.ts';

/**
 * Resource versions are compared for equality alone: after an etcd restore they are lower than before. A list or a watch is
 * the truth, but for what an own write replaced and the API server sends late.
 */
export interface SeenNodes {
  /** A list begins: it holds every write that was answered before. */
  listing(): void;
  /** Takes in a whole list. True when something differs that a rollout reads. */
  replace(listed: ReadonlyMap<string, SeenNode>): boolean;
  /** Takes in one Node from a list or a watch. True as above. */
  put(seen: SeenNode): boolean;
  /** Takes in the answer to a write over `over`, which the API server had until then. A Node that is gone stays gone. */
  wrote(over: SeenNode, seen: SeenNode): void;
  remove(name: string): boolean;
  get(name: string): SeenNode | undefined;
  nodes(): FleetNode[];
}

interface Entry {
  readonly seen: SeenNode;
  /** The versions that own writes replaced, until the API server shows the last of these writes or something newer. */
  readonly replaced: readonly string[];
}

const NONE: readonly string[] = [];

export function seenNodes(): SeenNodes {
  const byName = new Map<string, Entry>();

  function put(seen: SeenNode): boolean {
    const known = byName.get(seen.node.name);
    if (known?.replaced.includes(seen.resourceVersion) === true) {
      return false;
    }
    // Kubelets report all the time: the same content stays the same object, and is no news.
    const same = known !== undefined && isDeepStrictEqual(known.seen.node, seen.node);
    byName.set(seen.node.name, {
      seen: same ? { ...seen, node: known.seen.node } : seen,
      replaced: NONE,
    });
    return !same;
  }

  return {
    listing() {
      for (const [name, { seen, replaced }] of byName) {
        if (replaced.length > 0) {
          byName.set(name, { seen, replaced: NONE });
        }
      }
    },
    replace(listed) {
      const gone = [...byName.keys()].filter((name) => !listed.has(name));
      for (const name of gone) {
        byName.delete(name);
      }
      const changed = [...listed.values()].map(put).includes(true);
      return gone.length > 0 || changed;
    },
    put,
    wrote(over, seen) {
      const known = byName.get(seen.node.name);
      // The write replaced `over` directly: any other version that was seen meanwhile is this write or came after it.
      if (known?.seen.resourceVersion !== over.resourceVersion) {
        return;
      }
      const isWritten = seen.resourceVersion !== over.resourceVersion;
      const replaced = isWritten ? [...known.replaced, over.resourceVersion] : known.replaced;
      byName.set(seen.node.name, { seen, replaced });
    },
    remove: (name) => byName.delete(name),
    get: (name) => byName.get(name)?.seen,
    nodes: () => [...byName.values()].map(({ seen }) => seen.node),
  };
}
