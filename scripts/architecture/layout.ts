// Positions of the rooms in the picture, in pixels.

import type { Arrow, House, Room } from './rooms.ts';

export interface Box {
  readonly name: string;
  readonly label: string;
  readonly files: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** True for a folder that contains rooms: its label is at the top. */
  readonly isFrame: boolean;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly Box[];
  readonly lines: readonly Line[];
}

export interface Line extends Pick<Arrow, 'isType' | 'isCircle'> {
  readonly path: string;
}

/** Importers are above what they import; adapters are beside the use cases whose ports they implement. */
const BANDS: readonly (readonly string[])[] = [
  [''],
  ['cli'],
  ['host', 'node', 'rollout', 'cluster'],
  ['names', 'report', 'plan', 'time'],
  ['policy', 'kubelet'],
  ['sysctl'],
  ['text'],
];

const MARGIN = 24;
const TOP = 66;
const ROOM = { width: 106, height: 38, gap: 12, layerGap: 30 } as const;
const FRAME = { pad: 14, head: 26, gap: 44 } as const;
const PLAIN = { width: 116, height: 42 } as const;
const BAND_GAP = 58;
const FOOT = 54;

export function layoutOf(house: House): Layout {
  const boxes: Box[] = [];
  const bands = bandsOf(house).map((band) => band.map((folder) => frameOf(folder, house.arrows)));
  const width = Math.max(...bands.map(widthOf)) + 2 * MARGIN;
  let y = TOP;
  for (const frames of bands) {
    let x = (width - widthOf(frames)) / 2;
    for (const frame of frames) {
      const [left, top] = [x, y];
      boxes.push(...frame.boxes.map((box) => ({ ...box, x: box.x + left, y: box.y + top })));
      x += frame.width + FRAME.gap;
    }
    y += Math.max(...frames.map(({ height }) => height)) + BAND_GAP;
  }
  return { width, height: y - BAND_GAP + FOOT, boxes, lines: linesOf(boxes, house.arrows) };
}

function widthOf(frames: readonly Frame[]): number {
  return frames.reduce((sum, { width }) => sum + width, (frames.length - 1) * FRAME.gap);
}

/** Returns the bands; a folder that BANDS does not name gets its own band below the use cases. */
function bandsOf({ folders }: House): readonly (readonly House['folders'][number][])[] {
  const named = new Set(BANDS.flat());
  const others = folders.filter(({ name }) => !named.has(name));
  const bands = BANDS.map((band) =>
    band.flatMap((name) => folders.find((folder) => folder.name === name) ?? []),
  );
  return bands.toSpliced(3, 0, others).filter((band) => band.length > 0);
}

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly Box[];
}

function frameOf({ name, files, rooms }: House['folders'][number], arrows: readonly Arrow[]): Frame {
  const whole = { name, label: name === '' ? 'entry points' : name, files, x: 0, y: 0 };
  if (rooms.length < 2) {
    return { ...PLAIN, boxes: [{ ...whole, ...PLAIN, isFrame: false }] };
  }
  const layers = layersOf(rooms, arrows);
  const widest = Math.max(...layers.map(({ length }) => length));
  const inner = widest * ROOM.width + (widest - 1) * ROOM.gap;
  const width = inner + 2 * FRAME.pad;
  const height = FRAME.head + layers.length * ROOM.height + (layers.length - 1) * ROOM.layerGap + FRAME.pad;
  const inside = layers.flatMap((layer, row) => {
    const used = layer.length * ROOM.width + (layer.length - 1) * ROOM.gap;
    return layer.map((room, column) => ({
      name: room.name,
      label: labelOf(room.name),
      files: room.files,
      x: FRAME.pad + (inner - used) / 2 + column * (ROOM.width + ROOM.gap),
      y: FRAME.head + row * (ROOM.height + ROOM.layerGap),
      width: ROOM.width,
      height: ROOM.height,
      isFrame: false,
    }));
  });
  return { width, height, boxes: [{ ...whole, width, height, isFrame: true }, ...inside] };
}

function labelOf(room: string): string {
  const [folder = '', name = ''] = room.split('/');
  if (name === '') return `${folder}/*.ts`;
  return name === '*' ? 'shared' : name;
}

const MOST_IN_A_LAYER = 3;

/** Returns layers in which each room is above its imports; rooms in a cycle are ordered by name. */
function layersOf(rooms: readonly Room[], arrows: readonly Arrow[]): readonly (readonly Room[])[] {
  const depth = new Map(rooms.map(({ name }) => [name, 0]));
  const down = arrows.filter(({ from, to, isCircle }) => depth.has(from) && depth.has(to) && !isCircle);
  for (let round = 0; round < rooms.length; round++) {
    for (const { from, to } of down) {
      depth.set(to, Math.max(depth.get(to) ?? 0, (depth.get(from) ?? 0) + 1));
    }
  }
  const layers = [...Map.groupBy(rooms, ({ name }) => depth.get(name) ?? 0)];
  return layers
    .toSorted(([a], [b]) => a - b)
    .flatMap(([, layer]) => {
      const parts = Math.ceil(layer.length / MOST_IN_A_LAYER);
      const size = Math.ceil(layer.length / parts);
      return Array.from({ length: parts }, (_, at) => layer.slice(at * size, (at + 1) * size));
    });
}

function linesOf(boxes: readonly Box[], arrows: readonly Arrow[]): readonly Line[] {
  const boxOf = new Map(boxes.map((box) => [box.name, box]));
  const ends = arrows.flatMap((arrow) => {
    const [from, to] = [boxOf.get(arrow.from), boxOf.get(arrow.to)];
    return from === undefined || to === undefined ? [] : [{ arrow, from, to }];
  });
  return ends.map(({ arrow, from, to }) => ({
    isType: arrow.isType,
    isCircle: arrow.isCircle,
    path: pathOf(
      from,
      to,
      spread(
        from,
        to,
        ends.filter((end) => end.from === from).map((end) => end.to),
      ),
      spread(
        to,
        from,
        ends.filter((end) => end.to === to).map((end) => end.from),
      ),
    ),
  }));
}

/** Returns where along the width of `box` its line to `other` begins, from 0 to 1; no two lines share a point. */
function spread(box: Box, other: Box, all: readonly Box[]): number {
  const vertical = all.filter((each) => !isBeside(box, each));
  const at = vertical.toSorted((a, b) => middle(a) - middle(b)).indexOf(other);
  return (at + 1) / (vertical.length + 1);
}

function isBeside(a: Box, b: Box): boolean {
  return a.y < b.y + b.height && b.y < a.y + a.height;
}

function middle({ x, width }: Box): number {
  return x + width / 2;
}

/** Rounds to a tenth of a pixel. */
function n(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function pathOf(from: Box, to: Box, start: number, end: number): string {
  if (isBeside(from, to)) {
    const right = middle(to) > middle(from);
    const [x1, x2] = right ? [from.x + from.width, to.x] : [from.x, to.x + to.width];
    const y = Math.max(from.y, to.y) + Math.min(from.height, to.height) / 2;
    if (Math.abs(x2 - x1) <= FRAME.gap) return `M${n(x1)} ${n(y)}H${n(x2)}`;
    // The line passes above the boxes between them.
    const [a, b] = [from.x + from.width / 2, to.x + to.width * (right ? 0.25 : 0.75)];
    const over = Math.min(from.y, to.y) - BAND_GAP / 2;
    return `M${n(a)} ${n(from.y)}C${n(a)} ${n(over)} ${n(b)} ${n(over)} ${n(b)} ${n(to.y)}`;
  }
  const isDown = to.y > from.y;
  const [x1, x2] = [from.x + from.width * start, to.x + to.width * end];
  const [y1, y2] = isDown ? [from.y + from.height, to.y] : [from.y, to.y + to.height];
  const bend = (y2 - y1) / 2;
  return `M${n(x1)} ${n(y1)}C${n(x1)} ${n(y1 + bend)} ${n(x2)} ${n(y2 - bend)} ${n(x2)} ${n(y2)}`;
}
