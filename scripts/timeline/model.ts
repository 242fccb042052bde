// The model of the picture: rows of segments, bands of phases and edits, in seconds since the first edit.

import type { Phase } from '../../agent/rollout/fleet.ts';
import type { Moment, NodeMoment } from './moments.ts';
import { isApproved } from './unavailable.ts';

/** In the order of the legend. */
export const APPEARANCES = [
  'done',
  'waiting',
  'approved',
  'changing',
  'watched',
  'failed',
  'blocked',
  'held',
  'not ready',
  'silent',
] as const;

/** What a node is doing, as drawn in the picture. */
export type Appearance = (typeof APPEARANCES)[number];

export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface Segment extends Span {
  readonly appearance: Appearance;
  /** The letter of the list that the kubelet runs; undefined: never changed. */
  readonly list: string | undefined;
}

export interface Row {
  readonly node: string;
  readonly zone: string | undefined;
  readonly segments: readonly Segment[];
}

export interface Band extends Span {
  readonly phase: Phase;
}

export interface Edit {
  readonly at: number;
  readonly what: string;
  /** The letters of the lists that became desired by this edit. */
  readonly lists: readonly string[];
}

export interface Timeline extends Span {
  /** In the order of names. */
  readonly rows: readonly Row[];
  readonly bands: readonly Band[];
  readonly edits: readonly Edit[];
}

/** Returns the model; throws when there is no moment. Lists get letters in the order in which they became desired. */
export function timelineOf(moments: readonly Moment[]): Timeline {
  const ordered = moments.toSorted((one, other) => one.at - other.at);
  const [first, last] = [ordered.at(0), ordered.at(-1)];
  if (first === undefined || last === undefined) throw new Error('Expected moments of a rollout, got none');
  const zero = (ordered.find(({ kind }) => kind === 'edit') ?? first).at;
  const seconds = (at: number): number => Math.round(at - zero) / 1000;
  const end = last.at;
  const letters = lettersOf(ordered);
  return {
    from: seconds(first.at),
    to: seconds(end),
    rows: nodesIn(ordered).map((node) => rowOf(node, ordered, end, { seconds, letters })),
    bands: bandsOf(ordered, end).map(({ from, to, phase }) => ({
      from: seconds(from),
      to: seconds(to),
      phase,
    })),
    edits: editsOf(ordered, letters).map((edit) => ({ ...edit, at: seconds(edit.at) })),
  };
}

/** Returns what the node is doing, derived from its annotations. */
export function appearanceOf(moment: NodeMoment): Appearance {
  const { state, ready, desired, running } = moment;
  if (state === 'Working') return desired === running ? 'watched' : 'changing';
  if (!ready) return 'not ready';
  switch (state) {
    case undefined:
      return 'silent';
    case 'Done':
      return isApproved(moment) ? 'approved' : 'done';
    case 'Pending':
      return isApproved(moment) ? 'approved' : 'waiting';
    case 'Degraded':
      return 'failed';
    case 'Blocked':
      return 'blocked';
    case 'Unreconcilable':
    case 'Observing':
      return 'held';
  }
}

interface Scale {
  readonly seconds: (at: number) => number;
  readonly letters: ReadonlyMap<string, string>;
}

function rowOf(node: string, ordered: readonly Moment[], end: number, { seconds, letters }: Scale): Row {
  const own = ordered.filter((moment) => 'node' in moment && moment.node === node);
  const segments: Segment[] = [];
  for (const [index, moment] of own.entries()) {
    if (moment.kind !== 'node') continue;
    const appearance = appearanceOf(moment);
    const list = moment.appliedRevision === undefined ? undefined : letters.get(moment.appliedRevision);
    const to = seconds(own[index + 1]?.at ?? end);
    const before = segments.at(-1);
    const from = seconds(moment.at);
    if (
      before !== undefined &&
      before.appearance === appearance &&
      before.list === list &&
      before.to === from
    ) {
      segments[segments.length - 1] = { ...before, to };
    } else if (to > from) {
      segments.push({ appearance, list, from, to });
    }
  }
  const zone = own.findLast((moment) => moment.kind === 'node')?.zone;
  return { node, zone, segments };
}

function nodesIn(ordered: readonly Moment[]): readonly string[] {
  const names = new Set(ordered.flatMap((moment) => ('node' in moment ? [moment.node] : [])));
  return [...names].toSorted((one, other) => one.localeCompare(other, 'en', { numeric: true }));
}

function bandsOf(ordered: readonly Moment[], end: number): readonly Band[] {
  const told = ordered.filter((moment) => moment.kind === 'phase');
  const changes = told.filter(({ phase }, index) => phase !== told[index - 1]?.phase);
  return changes
    .map(({ at, phase }, index) => ({ phase, from: at, to: changes[index + 1]?.at ?? end }))
    .filter(({ from, to }) => to > from);
}

/** Returns the letter of each revision: A, B, … Z, A1, … */
function lettersOf(ordered: readonly Moment[]): ReadonlyMap<string, string> {
  const letters = new Map<string, string>();
  for (const revision of ordered.flatMap(revisionsIn)) {
    if (!letters.has(revision)) letters.set(revision, letterOf(letters.size));
  }
  return letters;
}

/** Returns the revisions in a moment: the applied one before the desired one. */
function revisionsIn(moment: Moment): readonly string[] {
  if (moment.kind !== 'node') return [];
  return [moment.appliedRevision, moment.desiredRevision].filter((revision) => revision !== undefined);
}

function letterOf(index: number): string {
  const round = Math.floor(index / 26);
  return `${String.fromCodePoint(65 + (index % 26))}${round === 0 ? '' : round}`;
}

function editsOf(ordered: readonly Moment[], letters: ReadonlyMap<string, string>): readonly Edit[] {
  const edits: { at: number; what: string; lists: string[] }[] = [];
  const seen = new Set<string>();
  for (const moment of ordered) {
    if (moment.kind === 'edit') edits.push({ at: moment.at, what: moment.what, lists: [] });
    for (const revision of revisionsIn(moment)) {
      if (!seen.has(revision)) edits.at(-1)?.lists.push(letters.get(revision) ?? revision);
      seen.add(revision);
    }
  }
  return edits;
}
