// Whether a maintenance window is open now, and when that changes; windows are in the local time of their zones.

import type { Window } from '../../policy/policy.ts';
import { createZones, type ZoneOffset } from './zones.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const WEEK_MS = 7 * DAY_MS;
/** 1970-01-04 was a Sunday. */
const FIRST_SUNDAY_MS = 3 * DAY_MS;
/** More than two weeks: a weekly window that a change to summer time skips opens again a week later. */
const HORIZON_DAYS = 15;

/** From `from`, inclusive, to `to`, exclusive; ms since the epoch. */
interface Span {
  readonly from: number;
  readonly to: number;
}

export interface WindowsState {
  readonly open: boolean;
  /** The next instant at which `open` changes; undefined when it does not within 15 days. */
  readonly changesAt: Date | undefined;
}

/**
 * A window is open while the local time of its zone is in it. When clocks are set back, a local time occurs twice; when they
 * are set forward, the skipped local times do not occur. A window's day is the day on which it starts. Without windows:
 * always open. Throws RangeError for an unknown zone.
 */
export function windowsAt(
  windows: readonly Window[],
  now: Date,
  zones: ZoneOffset = createZones(),
): WindowsState {
  if (windows.length === 0) {
    return { open: true, changesAt: undefined };
  }
  const at = now.getTime();
  // Clocks change at whole minutes.
  const start = Math.floor(at / MINUTE_MS) * MINUTE_MS;
  const spans = merged(windows, start, zones);
  const current = spans.find(({ from, to }) => from <= at && at < to);
  const change = current?.to ?? spans.find(({ from }) => from > at)?.from;
  const isKnown = change !== undefined && change < start + HORIZON_DAYS * DAY_MS;
  return { open: current !== undefined, changesAt: isKnown ? new Date(change) : undefined };
}

/** The spans from `start` to the horizon in which any window is open, in order and without overlaps. */
function merged(windows: readonly Window[], start: number, zones: ZoneOffset): readonly Span[] {
  const byZone = Map.groupBy(windows, ({ timeZone }) => timeZone);
  const all = [...byZone].flatMap(([timeZone, ofZone]) =>
    steadySpans(timeZone, start, zones).flatMap((steady) => openSpans(ofZone, steady)),
  );
  const spans: Span[] = [];
  for (const span of all.toSorted((a, b) => a.from - b.from)) {
    const last = spans.at(-1);
    if (last !== undefined && span.from <= last.to) {
      spans[spans.length - 1] = { from: last.from, to: Math.max(last.to, span.to) };
    } else {
      spans.push(span);
    }
  }
  return spans;
}

/** The time up to the horizon, split where the zone's offset changes. */
function steadySpans(
  timeZone: string,
  start: number,
  zones: ZoneOffset,
): readonly (Span & { readonly offset: number })[] {
  const offsetAt = (time: number): number => zones(timeZone, new Date(time));
  const spans: (Span & { offset: number })[] = [];
  let from = start;
  let offset = offsetAt(start);
  for (let day = 1; day <= HORIZON_DAYS; day += 1) {
    const end = start + day * DAY_MS;
    const next = offsetAt(end);
    if (next !== offset) {
      const set = whenSet(end - DAY_MS, end, (time) => offsetAt(time) === offset);
      spans.push({ from, to: set, offset });
      from = set;
      offset = next;
    }
  }
  return [...spans, { from, to: start + HORIZON_DAYS * DAY_MS, offset }];
}

/** Returns the first whole minute after `before`, at most `after`, at which `isOld` is false. */
function whenSet(before: number, after: number, isOld: (time: number) => boolean): number {
  let [old, set] = [before, after];
  while (set - old > MINUTE_MS) {
    const middle = old + Math.floor((set - old) / 2 / MINUTE_MS) * MINUTE_MS;
    if (isOld(middle)) {
      old = middle;
    } else {
      set = middle;
    }
  }
  return set;
}

function openSpans(
  windows: readonly Window[],
  { from, to, offset }: Span & { readonly offset: number },
): readonly Span[] {
  const [localFrom, localTo] = [from + offset, to + offset];
  const firstWeek = Math.floor((localFrom - FIRST_SUNDAY_MS) / WEEK_MS) - 1;
  const lastWeek = Math.floor((localTo - FIRST_SUNDAY_MS) / WEEK_MS);
  const spans: Span[] = [];
  for (let week = firstWeek; week <= lastWeek; week += 1) {
    for (const { days, start, end } of windows) {
      const length = (end > start ? end - start : end - start + 24 * 60) * MINUTE_MS;
      for (const day of days) {
        const opens = FIRST_SUNDAY_MS + week * WEEK_MS + day * DAY_MS + start * MINUTE_MS;
        const [first, last] = [Math.max(opens, localFrom), Math.min(opens + length, localTo)];
        if (first < last) {
          spans.push({ from: first - offset, to: last - offset });
        }
      }
    }
  }
  return spans;
}
