// What the page knows: the messages of its stream, put together. No DOM.

import type { Head, Message, Moment, NodeTile } from '../../messages.ts';
import { NO_SAMPLES, withSample, type Series } from '../../series.ts';

export interface Model {
  /** undefined before the first message. */
  readonly head: Head | undefined;
  readonly tiles: ReadonlyMap<string, NodeTile>;
  /** Oldest first. */
  readonly moments: readonly Moment[];
  readonly series: Series;
}

export const EMPTY: Model = { head: undefined, tiles: new Map(), moments: [], series: NO_SAMPLES };

const MOST_MOMENTS = 200;

/** Returns what the page knows after this message. */
export function received(model: Model, message: Message): Model {
  const before = message.isSnapshot ? EMPTY : model;
  return {
    head: message.head,
    tiles: tilesAfter(before.tiles, message),
    moments: momentsAfter(before.moments, message.moments),
    series: message.samples.reduce(withSample, before.series),
  };
}

function tilesAfter(before: Model['tiles'], { nodes, gone }: Message): Model['tiles'] {
  if (nodes.length === 0 && gone.length === 0) return before;
  const tiles = new Map(before);
  for (const name of gone) tiles.delete(name);
  for (const tile of nodes) tiles.set(tile.name, tile);
  return tiles;
}

function momentsAfter(before: readonly Moment[], fresh: readonly Moment[]): readonly Moment[] {
  if (fresh.length === 0) return before;
  const replaced = new Set(fresh.map(({ id }) => id));
  return [...before.filter(({ id }) => !replaced.has(id)), ...fresh]
    .toSorted((one, other) => one.id - other.id)
    .slice(-MOST_MOMENTS);
}
