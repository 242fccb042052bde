// The picture of the rooms as SVG, in a light and a dark scheme, without scripts or embedded fonts.

import { layoutOf, type Box, type Layout, type Line } from './layout.ts';
import type { House } from './rooms.ts';

const TITLE = 'The rooms of agent/';
const SUBTITLE =
  'Each box is a folder, with the number of its files. An arrow means that files of one import files of the other.';
const LEGEND = [
  'Dashed: types alone. Red: a circle. Shared: files of the folder that its rooms import. An arrow that follows from others is not drawn.',
  'Drawn from the imports by npm run architecture.',
];

/** Returns the SVG; the same imports give the same bytes. */
export function svgOf(house: House): string {
  const layout = layoutOf(house);
  const { width, height, boxes, lines } = layout;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title summary">`,
    `<title id="title">${TITLE}</title>`,
    `<desc id="summary">${summaryOf(house)}</desc>`,
    STYLE,
    MARKERS,
    `<rect class="card" width="${width}" height="${height}" rx="6"/>`,
    text(24, 28, 'title', TITLE),
    text(24, 47, 'soft', SUBTITLE),
    ...boxes.filter(({ isFrame }) => isFrame).map(rect),
    ...lines.map(line),
    ...boxes.filter(({ isFrame }) => !isFrame).map(rect),
    ...boxes.flatMap(label),
    ...legend(layout),
    '</svg>',
  ].join('\n')}\n`;
}

/** Returns the arrows as text, for screen readers. */
function summaryOf({ arrows }: House): string {
  const byFrom = [...Map.groupBy(arrows, ({ from }) => from)];
  return byFrom
    .map(([from, all]) => `${nameOf(from)} imports ${all.map(({ to }) => nameOf(to)).join(', ')}.`)
    .join(' ');
}

function nameOf(room: string): string {
  return room === '' ? 'entry points' : room.replace(/\/\*$/u, '/ (shared)');
}

function rect({ x, y, width, height, isFrame }: Box): string {
  return `<rect class="${isFrame ? 'frame' : 'room'}" x="${short(x)}" y="${short(y)}" width="${short(width)}" height="${short(height)}" rx="5"/>`;
}

function label({ x, y, width, height, isFrame, label: name, files }: Box): readonly string[] {
  const count = files === 1 ? '1 file' : `${files} files`;
  if (isFrame)
    return [text(x + 14, y + 18, 'name', `${name}/`), text(x + width - 14, y + 18, 'soft', count, 'end')];
  const middle = x + width / 2;
  return [
    text(middle, y + height / 2 - 3, 'name', name, 'middle'),
    text(middle, y + height / 2 + 12, 'soft', count, 'middle'),
  ];
}

function line({ path, isType, isCircle }: Line): string {
  const kind = isCircle ? 'circle' : 'arrow';
  return `<path class="${kind}${isType ? ' types' : ''}" d="${path}" marker-end="url(#${kind})"/>`;
}

function legend({ height }: Layout): readonly string[] {
  return LEGEND.map((words, at) => text(24, height - 28 + at * 16, 'soft', words));
}

function text(x: number, y: number, kind: string, words: string, anchor?: 'middle' | 'end'): string {
  const where = anchor === undefined ? '' : ` text-anchor="${anchor}"`;
  return `<text class="${kind}" x="${short(x)}" y="${short(y)}"${where}>${words}</text>`;
}

function short(value: number): string {
  return String(Math.round(value * 10) / 10);
}

const MARKERS = `<defs>${['arrow', 'circle']
  .map(
    (kind) =>
      `<marker id="${kind}" class="${kind}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z"/></marker>`,
  )
  .join('')}</defs>`;

const STYLE = `<style>${[
  'text{font:11px system-ui,-apple-system,"Segoe UI",sans-serif}.title{font-size:14px;font-weight:600}.name{font-size:12px;font-weight:600}',
  'path.arrow,path.circle{fill:none;stroke-width:1.2}.types{stroke-dasharray:4 3}marker path{stroke:none}',
  colours({
    card: '#ffffff',
    frame: '#f6f8fa',
    room: '#dbe9ff',
    edge: '#8c959f',
    ink: '#1f2328',
    soft: '#59636e',
    red: '#cf222e',
  }),
  `@media(prefers-color-scheme:dark){${colours({ card: '#0d1117', frame: '#161b22', room: '#1f3a66', edge: '#7d8590', ink: '#e6edf3', soft: '#9da7b1', red: '#f85149' })}}`,
].join('')}</style>`;

function colours(
  of: Readonly<Record<'card' | 'frame' | 'room' | 'edge' | 'ink' | 'soft' | 'red', string>>,
): string {
  return (
    `.card{fill:${of.card}}.frame{fill:${of.frame};stroke:${of.edge}}.room{fill:${of.room};stroke:${of.edge}}` +
    `text{fill:${of.ink}}.soft{fill:${of.soft}}path.arrow{stroke:${of.edge}}path.circle{stroke:${of.red}}` +
    `marker.arrow path{fill:${of.edge}}marker.circle path{fill:${of.red}}`
  );
}
