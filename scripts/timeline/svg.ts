// The picture of a rollout as SVG: a row for each node, time to the right; a light and a dark scheme, no scripts or embedded fonts.

import { layoutOf, type Layout, type Placed } from './layout.ts';
import { styleOf } from './style.ts';
import { summaryOf } from './summary.ts';
import type { Timeline } from './model.ts';

export interface Caption {
  readonly title: string;
  /** Shown below the title: what was played, and where. */
  readonly subtitle: string;
}

/** Returns the SVG; the same timeline gives the same bytes. */
export function svgOf(timeline: Timeline, { title, subtitle }: Caption): string {
  const layout = layoutOf(timeline);
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${layout.width} ${layout.height}" width="${layout.width}" height="${layout.height}" role="img" aria-labelledby="title summary">`,
    `<title id="title">${escape(title)}</title>`,
    `<desc id="summary">${escape(summaryOf(timeline))}</desc>`,
    styleOf(layout.classes),
    HATCH,
    `<rect class="card" width="${layout.width}" height="${layout.height}" rx="6"/>`,
    words({ x: layout.left, y: 24, text: title, class: 'title' }),
    words({ x: layout.left, y: 42, text: subtitle, class: 'soft' }),
    ...axis(layout),
    ...layout.boxes.map(box),
    ...layout.lines.map(line),
    ...layout.words.map(words),
    '</svg>',
  ].join('\n')}\n`;
}

/** Marks failed and blocked segments without relying on colour. */
const HATCH =
  '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="hatch" width="2" height="6"/></pattern></defs>';
const HATCHED = new Set(['failed', 'blocked', 'not-ready']);

function box({ x, y, width, height, class: name }: Placed['box']): string {
  const rect = (as: string): string =>
    `<rect${as} x="${short(x)}" y="${short(y)}" width="${short(width)}" height="${height}" rx="2"/>`;
  return rect(` class="${name}"`) + (HATCHED.has(name) ? rect(' fill="url(#hatch)"') : '');
}

function line({ x, top, bottom, class: name }: Placed['line']): string {
  return `<path class="${name}" d="M${short(x)} ${top}V${bottom}"/>`;
}

function words({ x, y, text, class: name, anchor }: Placed['words']): string {
  const where = `x="${short(x)}" y="${short(y)}"${anchor === undefined ? '' : ` text-anchor="${anchor}"`}`;
  return `<text class="${name}" ${where}>${escape(text)}</text>`;
}

function axis({ left, right, axisY }: Layout): readonly string[] {
  return [`<path class="axis" d="M${left} ${axisY}H${right}"/>`];
}

/** Formats a number with at most one decimal. */
function short(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** Returns the text as the content of an element or of a quoted attribute. */
export function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
