// Objects of one kind in memory, with versions, pages, and watches that resume from a version. Objects are immutable, so that pages
// and the history of a watch hold references alone.

import { objectAt, type JsonObject } from '../../../../agent/cluster/http/json.ts';

/** One counter for all collections, as etcd's revision. */
export interface Versions {
  readonly last: number;
  next(): number;
}

export interface Change {
  readonly type: 'ADDED' | 'MODIFIED';
  readonly object: JsonObject;
  readonly version: number;
}

export interface Page {
  readonly items: readonly JsonObject[];
  /** The version of the whole list: a watch continues there. */
  readonly version: number;
  /** Continues the list; undefined: this is the last page. */
  readonly next: string | undefined;
}

export interface Collection {
  /** The version of the last change of any collection. */
  version(): number;
  get(name: string): JsonObject | undefined;
  items(): readonly JsonObject[];
  /** Stores the object under its new version; returns it with that version. */
  put(name: string, object: JsonObject): JsonObject;
  /** A part of the list as it was at its first page; `limit` 0: all of it. Throws ExpiredError for a `next` from before `expire`. */
  page(limit: number, next?: string): Page;
  /** Calls `receive` with each change after `version`, those of the past first, until `stop`. Throws ExpiredError. */
  watch(version: number, receiver: Receiver): () => void;
  /** Forgets the past, as compaction does, and ends every watch that can be ended: each has to list. */
  expire(): void;
}

export interface Receiver {
  readonly changed: (change: Change) => void;
  /** undefined: stays, whatever expires. */
  readonly ended?: () => void;
}

/** The version is older than the history. */
export class ExpiredError extends Error {
  override readonly name = 'ExpiredError';
}

export function versions(): Versions {
  let last = 0;
  return {
    get last() {
      return last;
    },
    next: () => (last += 1),
  };
}

interface List {
  readonly version: number;
  readonly all: readonly JsonObject[];
  /** The index at which the next page begins. */
  readonly from: number;
}

/** `history`: how many changes a watch can resume from. */
export function createCollection(count: Versions, history = 20_000): Collection {
  const objects = new Map<string, JsonObject>();
  const receivers = new Set<Receiver>();
  const lists = new Map<string, List>();
  let past: Change[] = [];
  let oldest = count.last;

  function note(change: Change): void {
    past.push(change);
    if (past.length > 2 * history) {
      oldest = past[past.length - history - 1]?.version ?? oldest;
      past = past.slice(-history);
    }
    for (const { changed } of receivers) changed(change);
  }

  return {
    version: () => count.last,
    get: (name) => objects.get(name),
    items: () => [...objects.values()],
    put(name, object) {
      const version = count.next();
      const metadata = { ...objectAt(object, 'metadata'), resourceVersion: String(version) };
      const stored = { ...object, metadata };
      const type = objects.has(name) ? 'MODIFIED' : 'ADDED';
      objects.set(name, stored);
      note({ type, object: stored, version });
      return stored;
    },
    page(limit, next) {
      const list =
        next === undefined ? { version: count.last, all: [...objects.values()], from: 0 } : lists.get(next);
      if (list === undefined) throw new ExpiredError('The provided continue parameter is too old');
      const { version, all, from } = list;
      const to = limit === 0 ? all.length : from + limit;
      const items = all.slice(from, to);
      if (to >= all.length) return { items, version, next: undefined };
      const token = `${version}-${to}`;
      lists.set(token, { version, all, from: to });
      return { items, version, next: token };
    },
    watch(version, receiver) {
      if (version < oldest) throw new ExpiredError(`too old resource version: ${version} (${oldest})`);
      for (const change of past) if (change.version > version) receiver.changed(change);
      receivers.add(receiver);
      return () => void receivers.delete(receiver);
    },
    expire() {
      past = [];
      lists.clear();
      oldest = count.next();
      for (const { ended } of receivers) ended?.();
    },
  };
}
