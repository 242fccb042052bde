// A recorded terminal as SVG: each line appears at its time; without animation all of them stand there. No scripts, nothing is loaded.

import { escape } from '../timeline/svg.ts';
import { CARD, INK, SOFT } from '../timeline/style.ts';
import type { TerminalMoment } from './moments.ts';

const TITLE = 'A pod is refused for a sysctl; after one edit of the ConfigMap the same pod runs';
const SUBTITLE =
  'Recorded on two real nodes: canary watched 3 s. Pauses of more than 2 s are shortened to 2 s.';

/** Longer pauses are shown as this long. */
const LONGEST_PAUSE_MS = 2000;
/** A command stands there for a moment before what it prints. */
const READING_MS = 600;
/** The number of letters of a line; what is longer continues in the next one. */
export const COLUMNS = 104;
const LETTER = 7.9;
const ROW = 18;
const LEFT = 20;
const TOP = 70;

interface Row {
  readonly text: string;
  readonly isTyped: boolean;
  /** Milliseconds after the picture was opened. */
  readonly at: number;
}

/** Returns the SVG; the same recording gives the same bytes. Throws when there is no moment. */
export function terminalSvg(moments: readonly TerminalMoment[]): string {
  if (moments.length === 0) throw new Error('Expected what a terminal showed, got nothing');
  const rows = rowsOf(moments);
  const width = Math.ceil(2 * LEFT + COLUMNS * LETTER);
  const height = TOP + rows.length * ROW + 6;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title summary">`,
    `<title id="title">${escape(TITLE)}</title>`,
    `<desc id="summary">${escape(rows.map(({ text }) => text).join(' '))}</desc>`,
    STYLE,
    `<rect class="card" width="${width}" height="${height}" rx="6"/>`,
    `<text class="title" x="${LEFT}" y="26">${escape(TITLE)}</text>`,
    `<text class="soft" x="${LEFT}" y="44">${escape(SUBTITLE)}</text>`,
    ...rows.map(rowText),
    '</svg>',
  ].join('\n')}\n`;
}

/** Returns the lines of the terminal, wrapped, each with the time at which the picture shows it. */
export function rowsOf(moments: readonly TerminalMoment[]): readonly Row[] {
  const rows: Row[] = [];
  let [at, before] = [0, moments[0]?.at ?? 0];
  for (const [index, moment] of moments.entries()) {
    const pause = Math.min(moment.at - before, LONGEST_PAUSE_MS);
    const isNewCommand = moment.kind === 'typed' && index > 0;
    at += Math.max(pause, isNewCommand ? READING_MS : 0);
    before = moment.at;
    const isTyped = moment.kind === 'typed';
    const text = isTyped ? `$ ${moment.text}` : moment.text;
    rows.push(
      ...text
        .split('\n')
        .flatMap(wrapped)
        .map((line) => ({ text: line, isTyped, at })),
    );
  }
  return rows;
}

function wrapped(line: string): readonly string[] {
  const parts: string[] = [];
  let rest = line;
  while (rest.length > COLUMNS) {
    const space = rest.lastIndexOf(' ', COLUMNS);
    const end = space > COLUMNS / 2 ? space : COLUMNS;
    parts.push(rest.slice(0, end));
    rest = `  ${rest.slice(end).trimStart()}`;
  }
  return [...parts, rest];
}

function rowText({ text, isTyped, at }: Row, index: number): string {
  const name = isTyped ? 'line typed' : 'line';
  const delay = `${Math.round(at / 10) / 100}s`;
  return `<text class="${name}" x="${LEFT}" y="${TOP + index * ROW}" style="animation-delay:${delay}">${escape(text)}</text>`;
}

const STYLE = `<style>${[
  '.line{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre}',
  '.title{font:600 14px system-ui,-apple-system,"Segoe UI",sans-serif}.soft{font:11px system-ui,-apple-system,"Segoe UI",sans-serif}',
  '.typed{font-weight:600}',
  scheme('light'),
  `@media(prefers-color-scheme:dark){${scheme('dark')}}`,
  '@media(prefers-reduced-motion:no-preference){.line{animation:appear 1ms backwards}}@keyframes appear{from{opacity:0}}',
].join('')}</style>`;

function scheme(name: 'light' | 'dark'): string {
  return `.card{fill:${CARD[name]}}text{fill:${INK[name]}}.soft{fill:${SOFT[name]}}`;
}
