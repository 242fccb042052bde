// What the open pages show: each gets everything once, then what changed.

import type { Head, Message } from './messages.ts';
import { NO_MOMENTS, withMoments, type Moments, type Seen } from './moments.ts';
import { differences, headOf, tilesOf, type Tiles } from './page-state.ts';
import { NO_SAMPLES, withSample, type Series } from './series.ts';
import type { Fleet } from '../cluster/follow.ts';
import type { Place } from '../session.ts';
import type { StatusView } from '../views/status-view.ts';

/** One open page. */
export interface Sink {
  /** It has not read what was sent before: the feed sends no more, and everything once it has. */
  isFull(): boolean;
  send(text: string): void;
}

export interface Feed {
  /** Sends the differences to every page. `trouble` is empty while the API server answers. */
  update(now: FeedInput): void;
  /** Sends everything to this page now, and from then on what changes. Returns what detaches it. */
  attach(sink: Sink): () => void;
}

export interface FeedInput {
  readonly fleet: Fleet;
  readonly view: StatusView;
  readonly trouble: string;
  readonly at: Date;
}

/** Returns a feed without data: call `update` before the first page attaches. */
export function createFeed(place: Place): Feed {
  /** The pages, and whether each has everything up to the last update. */
  const sinks = new Map<Sink, boolean>();
  let seen: Seen | undefined;
  let head: Head | undefined;
  let tiles: Tiles = new Map();
  let moments: Moments = NO_MOMENTS;
  let series: Series = NO_SAMPLES;

  return {
    update({ fleet, view, trouble, at }) {
      const next = tilesOf(view, fleet);
      const changed = differences(tiles, next);
      const ms = at.getTime();
      const sample = { at: ms, counts: view.counts };
      moments = withMoments(moments, seen, { view, trouble }, ms);
      series = withSample(series, sample);
      seen = { view, trouble };
      head = headOf(view, place, trouble);
      tiles = next;
      const message = { isSnapshot: false, head, ...changed, moments: moments.fresh, samples: [sample] };
      sendToAll(JSON.stringify(message satisfies Message));
    },
    attach(sink) {
      sendAll(sink);
      return () => void sinks.delete(sink);
    },
  };

  function sendToAll(text: string): void {
    for (const [sink, isCurrent] of sinks) {
      if (sink.isFull()) sinks.set(sink, false);
      else if (isCurrent) sink.send(text);
      else sendAll(sink);
    }
  }

  function sendAll(sink: Sink): void {
    sinks.set(sink, head !== undefined);
    if (head === undefined) return;
    const message: Message = {
      isSnapshot: true,
      head,
      nodes: [...tiles.values()],
      gone: [],
      moments: moments.all,
      samples: series.samples,
    };
    sink.send(JSON.stringify(message));
  }
}
