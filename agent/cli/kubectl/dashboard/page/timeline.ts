// The timeline: a chart of the standings over time, and what happened, newest first.

import type { Moment, Sample } from '../messages.ts';
import { byId, element, setAttribute, setText } from './dom.ts';
import type { Model } from './model/model.ts';
import { areasOf } from './model/shapes.ts';
import { clock, STANDING_ORDER } from './model/words.ts';

const SVG = 'http://www.w3.org/2000/svg';
const [WIDTH, HEIGHT] = [400, 56];

/** Returns what shows the timeline of a model. */
export function createTimeline(): (model: Model) => void {
  const [chart, list] = [byId('chart', SVGSVGElement), byId('moments', HTMLElement)];
  const [first, last] = byId('chart-times', HTMLElement).children;
  const items = new Map<number, { readonly item: HTMLElement; readonly moment: Moment }>();
  let shown: Pick<Model, 'moments' | 'series'> | undefined;
  let today = '';

  return ({ moments, series }) => {
    if (shown?.series !== series) draw(series.samples);
    if (shown?.moments !== moments) listMoments(moments);
    shown = { moments, series };
    showTimes(new Date());
  };

  function draw(samples: readonly Sample[]): void {
    const areas = areasOf(samples, WIDTH, HEIGHT).map(({ standing, points }) => {
      const polygon = document.createElementNS(SVG, 'polygon');
      polygon.setAttribute('data-standing', standing);
      polygon.setAttribute('points', points);
      return polygon;
    });
    chart.replaceChildren(...areas);
    setAttribute(chart, 'aria-label', chartText(samples));
    const [from, to, now] = [samples[0], samples.at(-1), new Date()];
    if (first !== undefined && from !== undefined) setText(first, clock(from.at, now));
    if (last !== undefined && to !== undefined) setText(last, clock(to.at, now));
  }

  function listMoments(moments: readonly Moment[]): void {
    const ids = new Set(moments.map(({ id }) => id));
    for (const [id, { item }] of items) {
      if (ids.has(id)) continue;
      item.remove();
      items.delete(id);
    }
    for (const moment of moments) {
      const known = items.get(moment.id);
      if (known?.moment === moment) continue;
      const item = momentItem(moment, new Date());
      if (known === undefined) list.prepend(item);
      else known.item.replaceWith(item);
      items.set(moment.id, { item, moment });
    }
  }

  /** A time of today is one of yesterday after midnight. */
  function showTimes(now: Date): void {
    if (today === now.toDateString()) return;
    today = now.toDateString();
    for (const { item, moment } of items.values()) {
      const time = item.querySelector('time');
      if (time !== null) setText(time, clock(moment.at, now));
    }
  }
}

function chartText(samples: readonly Sample[]): string {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined) return 'No rollout seen yet';
  const now = STANDING_ORDER.toReversed()
    .filter((standing) => last.counts[standing] > 0)
    .map((standing) => `${last.counts[standing]} ${standing}`);
  return `Nodes by standing since ${clock(first.at, new Date(last.at))}: ${first.counts.done} done then; now ${now.join(', ')}`;
}

function momentItem({ at, kind, title, text }: Moment, now: Date): HTMLElement {
  return element(
    'li',
    { 'data-kind': kind },
    element('time', { datetime: new Date(at).toISOString() }, clock(at, now)),
    element('div', {}, element('b', {}, title), ` ${text}`),
  );
}
