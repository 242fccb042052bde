// The samples of a rollout, bounded: a long rollout has fewer of them in an hour than a short one. Pure.

import { STANDINGS } from '../../../rollout/fleet.ts';
import type { Sample } from './messages.ts';

const MOST_SAMPLES = 360;
const FIRST_INTERVAL_MS = 1000;

export interface Series {
  /** The shortest time between two samples. */
  readonly everyMs: number;
  /** Oldest first. */
  readonly samples: readonly Sample[];
}

export const NO_SAMPLES: Series = { everyMs: FIRST_INTERVAL_MS, samples: [] };

/**
 * Returns the series with this sample at its end. The last sample moves along while nothing changes, or too little time has
 * passed. Where there are too many, every second one goes, and the interval doubles.
 */
export function withSample({ everyMs, samples }: Series, sample: Sample): Series {
  const [before, last] = [samples.at(-2), samples.at(-1)];
  const isTooEarly = before !== undefined && last !== undefined && last.at - before.at < everyMs;
  const isQuiet =
    before !== undefined && last !== undefined && areEqual(before, last) && areEqual(last, sample);
  const next = isTooEarly || isQuiet ? [...samples.slice(0, -1), sample] : [...samples, sample];
  return next.length <= MOST_SAMPLES
    ? { everyMs, samples: next }
    : {
        everyMs: everyMs * 2,
        samples: next.filter((_, at) => at % 2 === 0 || at === next.length - 1),
      };
}

function areEqual(one: Sample, other: Sample): boolean {
  return STANDINGS.every((standing) => one.counts[standing] === other.counts[standing]);
}
