// The chart's areas: how many nodes had each standing, over time. No DOM.

import type { RolloutStatus } from '../../../../../rollout/fleet.ts';
import type { Counts, Sample } from '../../messages.ts';

/** From the bottom of the chart to its top. */
const LAYERS: readonly RolloutStatus[] = ['done', 'changing', 'waiting', 'held', 'lost', 'failed'];

export interface Area {
  readonly standing: RolloutStatus;
  /** For an SVG polygon. */
  readonly points: string;
}

/** Returns an area for each standing that a sample has, stacked within `width` and `height`; empty for fewer than two samples. */
export function areasOf(samples: readonly Sample[], width: number, height: number): readonly Area[] {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || last.at === first.at) return [];
  const x = (at: number): number => round(((at - first.at) / (last.at - first.at)) * width);
  return LAYERS.flatMap((standing, layer) => {
    if (samples.every(({ counts }) => counts[standing] === 0)) return [];
    const upper = stepped(samples, x, (counts) => heightOf(counts, layer + 1, height));
    const lower = stepped(samples, x, (counts) => heightOf(counts, layer, height)).toReversed();
    return [{ standing, points: [...upper, ...lower].join(' ') }];
  });
}

/** A count holds until the next sample. */
function stepped(
  samples: readonly Sample[],
  x: (at: number) => number,
  y: (counts: Counts) => number,
): readonly string[] {
  return samples.flatMap(({ at, counts }, index) => {
    const before = samples[index - 1];
    const corner = before === undefined ? [] : [`${x(at)},${y(before.counts)}`];
    return [...corner, `${x(at)},${y(counts)}`];
  });
}

function heightOf(counts: Counts, layers: number, height: number): number {
  const sum = (list: readonly RolloutStatus[]): number =>
    list.reduce((total, standing) => total + counts[standing], 0);
  return round(height - (sum(LAYERS.slice(0, layers)) / Math.max(1, sum(LAYERS))) * height);
}

function round(number: number): number {
  return Math.round(number * 10) / 10;
}
