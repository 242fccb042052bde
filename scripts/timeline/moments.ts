// A recording of a rollout: one moment for each line of JSON, so that it can be stored and drawn again.

import * as v from 'valibot';
import { STATES } from '../../agent/names.ts';
import { PHASES } from '../../agent/rollout/fleet.ts';
import { parsedLines } from '../entry/json-lines.ts';

/** Milliseconds since 1970, by the clock of the machine that watched. */
const instant = v.number();
const text = v.optional(v.string());

const NODE = v.object({
  at: instant,
  kind: v.literal('node'),
  node: v.string(),
  state: v.optional(v.picklist(STATES)),
  desired: text,
  running: text,
  desiredRevision: text,
  appliedRevision: text,
  approvedRevision: text,
  failedRevision: text,
  ready: v.boolean(),
  /** The node has the start-up taint; absent otherwise. */
  joining: v.optional(v.literal(true)),
  zone: text,
});
const GONE = v.object({ at: instant, kind: v.literal('gone'), node: v.string() });
const PHASE = v.object({ at: instant, kind: v.literal('phase'), phase: v.picklist(PHASES) });
const EDIT = v.object({ at: instant, kind: v.literal('edit'), what: v.string() });
const END = v.object({ at: instant, kind: v.literal('end') });
const MOMENT = v.variant('kind', [NODE, GONE, PHASE, EDIT, END]);

/** What a Node showed from that instant on. */
export type NodeMoment = v.InferOutput<typeof NODE>;
/** The coordinator's phase from that instant on. */
export type PhaseMoment = v.InferOutput<typeof PHASE>;
/** An edit of the policy. */
export type EditMoment = v.InferOutput<typeof EDIT>;
export type Moment = v.InferOutput<typeof MOMENT>;

/** Parses the lines of a recording; throws with the number of a line that is not a moment. */
export function momentsIn(lines: string): readonly Moment[] {
  return parsedLines(lines, MOMENT, 'a moment of a rollout');
}

/** Returns the state at that instant, and all later moments. */
export function since(moments: readonly Moment[], begin: number): readonly Moment[] {
  const before = moments.filter(({ at }) => at < begin);
  const subjects = new Map<string, Moment>();
  for (const moment of before) {
    if (moment.kind === 'phase') subjects.set('', moment);
    if (moment.kind === 'node') subjects.set(moment.node, moment);
    if (moment.kind === 'gone') subjects.delete(moment.node);
  }
  const shown = [...subjects.values()].map((moment) => ({ ...moment, at: begin }));
  return [...shown, ...moments.filter(({ at }) => at >= begin)];
}
