// The coordinator's copy of the Nodes, from lists, watches and the answers to its own writes.

import type { FleetNode } from '../fleet.ts';
import { byName } from '../decision/many.ts';
import { keeping, type SeenNode } from '../ports.ts';

/**
 * Compares resource versions only for equality: after an etcd restore they are lower than before. Lists and watches win,
 * except for late events with a version that one of our writes has replaced.
 */
export interface SeenNodes {
  /** A list begins. It will include every write that was answered before. */
  listing(): void;
  /** Stores a whole list. Returns true when a field differs that a rollout reads. */
  replace(listed: ReadonlyMap<string, SeenNode>): boolean;
  /** Stores one Node from a list or a watch. Returns true as above. */
  put(seen: SeenNode): boolean;
  /** Stores the answer to a write that replaced `over`. A deleted Node stays deleted. */
  wrote(over: SeenNode, seen: SeenNode): void;
  /**
   * A write over `over` got no answer and may have succeeded: the Node counts as `written` until the API server sends
   * another version of it.
   */
  assume(over: SeenNode, written: FleetNode): void;
  /** Nodes that count as written without an answer. */
  assumed(): readonly FleetNode[];
  /** Returns true when the Node was stored. */
  remove(name: string): boolean;
  get(name: string): SeenNode | undefined;
  /** In the order of names; the same array until one differs. */
  nodes(): readonly FleetNode[];
}

interface Entry {
  readonly seen: SeenNode;
  /** Versions that our writes replaced, until the API server sends the last of these writes or a newer version. */
  readonly replaced: readonly string[];
  /** `seen.node` may have been written over that version; the write got no answer. */
  readonly isAssumed?: boolean;
}

const NONE: readonly string[] = [];

export function seenNodes(): SeenNodes {
  const entries = new Map<string, Entry>();
  const unanswered = new Set<string>();
  let sorted: readonly FleetNode[] | undefined;

  function set(name: string, entry: Entry): void {
    if (entries.get(name)?.seen.node !== entry.seen.node) sorted = undefined;
    if (entry.isAssumed === true) unanswered.add(name);
    else unanswered.delete(name);
    entries.set(name, entry);
  }

  function remove(name: string): boolean {
    sorted = undefined;
    unanswered.delete(name);
    return entries.delete(name);
  }

  function put(seen: SeenNode): boolean {
    const known = entries.get(seen.node.name);
    const isOlder = known?.replaced.includes(seen.resourceVersion) === true;
    // The unanswered write may still arrive after this read.
    const isUnsure = known?.isAssumed === true && known.seen.resourceVersion === seen.resourceVersion;
    if (isOlder || isUnsure) {
      return false;
    }
    const kept = keeping(known?.seen, seen);
    set(seen.node.name, { seen: kept, replaced: NONE });
    return kept.node !== known?.seen.node;
  }

  return {
    listing() {
      for (const [name, entry] of entries) {
        if (entry.replaced.length > 0) {
          set(name, { ...entry, replaced: NONE });
        }
      }
    },
    replace(listed) {
      const gone = [...entries.keys()].filter((name) => !listed.has(name));
      for (const name of gone) {
        remove(name);
      }
      const changed = [...listed.values()].map(put).includes(true);
      return gone.length > 0 || changed;
    },
    put,
    wrote(over, seen) {
      const known = entries.get(seen.node.name);
      // The write replaced `over` directly, so any other version received since is this write or a later one.
      if (known?.seen.resourceVersion !== over.resourceVersion) {
        return;
      }
      const isWritten = seen.resourceVersion !== over.resourceVersion;
      const replaced = isWritten ? [...known.replaced, over.resourceVersion] : known.replaced;
      set(seen.node.name, { seen, replaced });
    },
    assume(over, written) {
      const known = entries.get(written.name);
      if (known?.seen.resourceVersion === over.resourceVersion) {
        set(written.name, { ...known, seen: { ...over, node: written }, isAssumed: true });
      }
    },
    assumed: () => [...unanswered].flatMap((name) => entries.get(name)?.seen.node ?? []),
    remove,
    get: (name) => entries.get(name)?.seen,
    nodes: () => (sorted ??= byName(Array.from(entries.values(), ({ seen }) => seen.node))),
  };
}
