// A label that is missing for seconds takes no allowance from its node: a profile counts until the label has been missing for a
// minute. Labels come and go when the program that sets them is rolled out.

import { pairsIn, pairsOf } from '../../policy/selectors.ts';
import type { Clock } from '../ports.ts';

/** How long a label must be missing before its profiles no longer count, in ms. */
export const LABEL_DELAY_MS = 60_000;

export interface LabelDelay {
  /** Records the node's labels. Call for every Node update, also during a pass. */
  see(labels: Readonly<Record<string, string>>): void;
  /** Returns those of the selectors of which no label has been missing for LABEL_DELAY_MS. */
  kept(counted: readonly string[]): ReadonlySet<string>;
  /** When `kept` of these returns fewer if no label changes; undefined: never. */
  until(counted: readonly string[]): Date | undefined;
}

/** Labels that were missing before the first call of `see` count as missing since then. Independent of the wall clock. */
export function createLabelDelay(clock: Pick<Clock, 'now' | 'monotonicMs'>): LabelDelay {
  let present: ReadonlySet<string> = new Set();
  let sinceMs: number | undefined;
  const lostAtMs = new Map<string, number>();

  /** How long the delay of a selector lasts yet, in ms; Infinity: no label is missing. */
  function leftMs(selector: string): number {
    const missing = pairsIn(selector).filter((pair) => !present.has(pair));
    const lost = missing.map((pair) => lostAtMs.get(pair) ?? sinceMs ?? clock.monotonicMs());
    return Math.min(...lost) + LABEL_DELAY_MS - clock.monotonicMs();
  }

  return {
    see(labels) {
      const nowMs = clock.monotonicMs();
      sinceMs ??= nowMs;
      const carried = new Set(pairsOf(labels));
      for (const [pair, at] of lostAtMs) {
        if (carried.has(pair) || nowMs - at >= LABEL_DELAY_MS) {
          lostAtMs.delete(pair);
        }
      }
      for (const pair of present) {
        if (!carried.has(pair)) {
          lostAtMs.set(pair, nowMs);
        }
      }
      present = carried;
    },
    kept: (counted) => new Set(counted.filter((selector) => leftMs(selector) > 0)),
    until(counted) {
      const left = Math.min(...counted.map(leftMs).filter((ms) => ms > 0));
      return Number.isFinite(left) ? new Date(clock.now().getTime() + left) : undefined;
    },
  };
}
