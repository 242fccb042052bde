// Positions of all parts of the picture, in pixels.

import { APPEARANCES, type Appearance, type Segment, type Timeline } from './model.ts';

export interface Placed {
  readonly box: { x: number; y: number; width: number; height: number; class: string };
  readonly line: { x: number; top: number; bottom: number; class: string };
  readonly words: { x: number; y: number; text: string; class: string; anchor?: 'middle' | 'end' };
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly axisY: number;
  readonly boxes: readonly Placed['box'][];
  readonly lines: readonly Placed['line'][];
  readonly words: readonly Placed['words'][];
  /** The states of nodes and the phases that occur. */
  readonly classes: readonly string[];
}

const WIDTH = 960;
const LEFT = 92;
const RIGHT = WIDTH - 20;
const TOP = 58;
const ROW = 30;
const BAR = 20;
const BAND = 18;
const LABEL_ROW = 16;
const LEGEND_ROW = 20;
/** Width of a letter of the system's font at 11 px, a little above the average. */
const LETTER = 6.2;
/** Minimum width of a segment: a narrower one would be invisible. */
const THINNEST = 1.5;
const MOST_TICKS = 12;
const STEPS = [0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600];

export function layoutOf(timeline: Timeline): Layout {
  const { from, to } = timeline;
  const x = (seconds: number): number =>
    LEFT + ((seconds - from) / Math.max(to - from, 0.001)) * (RIGHT - LEFT);
  const labels = editLabels(timeline, x);
  const bandY = TOP + labels.rows * LABEL_ROW;
  const rowsY = bandY + BAND + 10;
  const axisY = rowsY + timeline.rows.length * ROW + 4;
  const legend = legendOf(looksIn(timeline), axisY + 42);
  const width = (span: { from: number; to: number }): number => Math.max(x(span.to) - x(span.from), THINNEST);

  const bands = timeline.bands.map((band) => {
    const place = { x: x(band.from), y: bandY, width: width(band), height: BAND, class: classOf(band.phase) };
    return { box: place, words: inside(place, [band.phase]) };
  });
  const rows = timeline.rows.flatMap((row, index) => {
    const y = rowsY + index * ROW + (ROW - BAR) / 2;
    const segments = row.segments.map((segment) => {
      const place = {
        x: x(segment.from),
        y,
        width: width(segment),
        height: BAR,
        class: classOf(segment.appearance),
      };
      return { box: place, words: inside(place, textsOf(segment)) };
    });
    return [{ box: undefined, words: namesOf(row, y) }, ...segments];
  });
  const ticks = ticksOf(from, to);
  const parts = [...bands, ...rows];
  return {
    width: WIDTH,
    height: legend.bottom + 10,
    left: LEFT,
    right: RIGHT,
    axisY,
    boxes: [...parts.flatMap(({ box }) => box ?? []), ...legend.boxes],
    lines: [
      ...ticks.map((at) => ({ x: x(at), top: axisY, bottom: axisY + 4, class: 'axis' })),
      ...timeline.edits.map(({ at }, index) => ({
        x: x(at),
        top: (labels.words[index]?.y ?? TOP) - 10,
        bottom: axisY,
        class: 'edit',
      })),
    ],
    words: [
      { x: LEFT - 10, y: bandY + 13, text: 'rollout', class: 'name', anchor: 'end' },
      ...labels.words,
      ...parts.flatMap(({ words }) => words),
      ...ticks.map((at) => tickWord(at, x(at), axisY + 17)),
      ...legend.words,
    ],
    classes: [...new Set([...timeline.bands.map(({ phase }) => phase), ...looksIn(timeline)].map(classOf))],
  };
}

/** Returns the class name in the style sheet. */
export function classOf(name: string): string {
  return name.replaceAll(' ', '-');
}

function tickWord(seconds: number, x: number, y: number): Placed['words'] {
  return { x, y, text: `${seconds} s`, class: 'soft', anchor: 'middle' };
}

/** Returns the node's name, and its zone below, left of its row at `y`. */
function namesOf({ node, zone }: Timeline['rows'][number], y: number): readonly Placed['words'][] {
  const place = { x: LEFT - 10, anchor: 'end' as const };
  const name = { ...place, y: y + (zone === undefined ? 14 : 9), text: node, class: 'name' };
  return zone === undefined ? [name] : [name, { ...place, y: y + 21, text: zone, class: 'soft' }];
}

/** Returns the first text that fits, centred; empty when none fits. */
function inside(place: Placed['box'], texts: readonly string[]): readonly Placed['words'][] {
  const text = texts.find((each) => each.length * LETTER + 6 <= place.width);
  if (text === undefined) return [];
  const y = place.y + place.height / 2 + 4;
  return [{ x: place.x + place.width / 2, y, text, class: 'in', anchor: 'middle' }];
}

const WORDS: Readonly<Record<Appearance, string>> = {
  done: '',
  waiting: 'waits',
  approved: 'approved',
  changing: 'restarts',
  watched: 'watched',
  failed: 'rolled back',
  blocked: 'blocked',
  held: 'held',
  'not ready': 'not Ready',
  silent: 'silent',
};

/** Returns the segment's texts from the longest to the shortest. */
function textsOf({ appearance, list }: Segment): readonly string[] {
  const does = WORDS[appearance];
  const own = does === '' ? [] : [does];
  if (
    list === undefined ||
    appearance === 'changing' ||
    appearance === 'approved' ||
    appearance === 'watched'
  )
    return own;
  const runs = does === '' ? `runs ${list}` : `${does}, runs ${list}`;
  return [runs, ...own, ...(does === '' ? [list] : [])];
}

/** Returns the labels of the edits, in several rows where they would touch. */
function editLabels(
  { edits }: Timeline,
  x: (seconds: number) => number,
): { readonly words: readonly Placed['words'][]; readonly rows: number } {
  const ends: number[] = [];
  const words = edits.map(({ at, what, lists }) => {
    const text = `${lists.length === 0 ? '' : `${lists.join(', ')}: `}${what}`;
    const long = text.length * LETTER;
    const toLeft = x(at) + long + 6 > RIGHT;
    const start = toLeft ? x(at) - long - 6 : x(at) + 5;
    const free = ends.findIndex((end) => end < start);
    const row = free === -1 ? ends.length : free;
    ends[row] = start + long + 12;
    const place = { y: TOP + row * LABEL_ROW + 10, text, class: 'what' };
    return toLeft ? { ...place, x: x(at) - 5, anchor: 'end' as const } : { ...place, x: start };
  });
  return { words, rows: ends.length };
}

const LEGEND: Readonly<Record<Appearance, string>> = {
  done: 'done',
  waiting: 'waits for its approval',
  // Most restarts end before the agent reports them.
  approved: 'approved, kubelet restarts',
  changing: 'restarts for more than a second',
  watched: 'proven, watched',
  failed: 'failed, rolled back',
  blocked: 'blocked',
  held: 'held',
  'not ready': 'not Ready',
  silent: 'no report',
};

function looksIn({ rows }: Timeline): readonly Appearance[] {
  const found = new Set(rows.flatMap(({ segments }) => segments.map(({ appearance }) => appearance)));
  return APPEARANCES.filter((appearance) => found.has(appearance));
}

function legendOf(
  appearances: readonly Appearance[],
  top: number,
): {
  readonly boxes: readonly Placed['box'][];
  readonly words: readonly Placed['words'][];
  readonly bottom: number;
} {
  const [boxes, words]: [Placed['box'][], Placed['words'][]] = [[], []];
  let [x, y] = [LEFT, top];
  for (const appearance of appearances) {
    const long = 18 + LEGEND[appearance].length * LETTER + 16;
    if (x + long > RIGHT) [x, y] = [LEFT, y + LEGEND_ROW];
    boxes.push({ x, y: y - 10, width: 12, height: 12, class: classOf(appearance) });
    words.push({ x: x + 18, y, text: LEGEND[appearance], class: 'soft' });
    x += long;
  }
  const letters = 'A, B, …: the list that a kubelet runs with';
  if (x + letters.length * LETTER > RIGHT) [x, y] = [LEFT, y + LEGEND_ROW];
  words.push({ x, y, text: letters, class: 'soft' });
  return { boxes, words, bottom: y };
}

/** Returns the multiples of a round step within the span, from the first edit on. */
function ticksOf(from: number, to: number): readonly number[] {
  const step = STEPS.find((each) => (to - Math.max(from, 0)) / each <= MOST_TICKS) ?? 7200;
  const first = Math.ceil(Math.max(from, 0) / step);
  const last = Math.floor(to / step);
  return Array.from({ length: Math.max(last - first + 1, 0) }, (_, index) => (first + index) * step);
}
