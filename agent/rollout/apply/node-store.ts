// The coordinator's picture of the Nodes: what lists and watches gave, and the answers to its own writes.

import { isDeepStrictEqual } from 'node:util';
import type { FleetNode } from '../fleet.ts';
import type { SeenNode } from '../ports.ts';

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
  /**
   * A write over `over` has failed, and may have come through all the same: the Node counts as `written` until the API server
   * shows another version of it.
   */
  assume(over: SeenNode, written: FleetNode): void;
  /** Those that count as written. */
  assumed(): readonly FleetNode[];
  remove(name: string): boolean;
  get(name: string): SeenNode | undefined;
  nodes(): FleetNode[];
}

interface Entry {
  readonly seen: SeenNode;
  /** The versions that own writes replaced, until the API server shows the last of these writes or something newer. */
  readonly replaced: readonly string[];
  /** `seen.node` is what may have been written over that version. */
  readonly isAssumed?: boolean;
}

const NONE: readonly string[] = [];

export function seenNodes(): SeenNodes {
  const byName = new Map<string, Entry>();

  function put(seen: SeenNode): boolean {
    const known = byName.get(seen.node.name);
    const isOlder = known?.replaced.includes(seen.resourceVersion) === true;
    // What was sent may arrive even after this was read.
    const isUnsure = known?.isAssumed === true && known.seen.resourceVersion === seen.resourceVersion;
    if (isOlder || isUnsure) {
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
      for (const [name, entry] of byName) {
        if (entry.replaced.length > 0) {
          byName.set(name, { ...entry, replaced: NONE });
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
    assume(over, written) {
      const known = byName.get(written.name);
      if (known?.seen.resourceVersion === over.resourceVersion) {
        byName.set(written.name, { ...known, seen: { ...over, node: written }, isAssumed: true });
      }
    },
    assumed: () =>
      [...byName.values()].filter(({ isAssumed }) => isAssumed === true).map(({ seen }) => seen.node),
    remove: (name) => byName.delete(name),
    get: (name) => byName.get(name)?.seen,
    nodes: () => [...byName.values()].map(({ seen }) => seen.node),
  };
}
