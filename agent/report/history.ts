// Writes and parses the annotation `history`: a JSON list of a node's last changes, oldest first.

import * as v from 'valibot';
import { errorText } from '../text/error-text.ts';
import { type PastChange, pastChangeSchema } from './past-change.ts';
import { jsonBytes, shortenInJson } from './shorten.ts';

/** Each watcher of Nodes receives all annotations, and those of one Node together may be 256 KiB. */
export const MAX_HISTORY_BYTES = 8 * 1024;
const MOST_CHANGES = 5;

/** The limits of the parts of one change, in bytes of JSON. */
interface Limits {
  readonly reason: number;
  readonly why: number;
  /** `from` and `to`, each. */
  readonly list: number;
  readonly file: number;
}

const ROOMY: Limits = { reason: 1024, why: 1024, list: 1024, file: 512 };
/** MOST_CHANGES of these always fit. */
const TIGHT: Limits = { reason: 240, why: 340, list: 200, file: 150 };
/** A time, a version or a hash in hexadecimal is shorter, unless a person edited the state file. */
const WORD_BYTES = 72;
/** Room for the two counts at the end of a list. */
const COUNTS_BYTES = 80;

/**
 * Returns the annotation's text for the newest five changes, at most MAX_HISTORY_BYTES; undefined when there are none. When
 * they do not fit, shortens them, the oldest first: a cut text ends in `…`. When `from` or `to` is too long, keeps only the
 * entries that differ, as many as fit; `… and 12 unchanged` and `… and 7 more added` (or `removed`) replace the others.
 */
export function historyAnnotation(history: readonly PastChange[] | undefined): string | undefined {
  const changes = (history ?? []).slice(-MOST_CHANGES);
  if (changes.length === 0) return undefined;
  const whole = JSON.stringify(changes);
  if (Buffer.byteLength(whole) <= MAX_HISTORY_BYTES) return whole;
  for (let tight = 0; tight < changes.length; tight += 1) {
    const text = JSON.stringify(changes.map((change, at) => shortened(change, at < tight ? TIGHT : ROOMY)));
    if (Buffer.byteLength(text) <= MAX_HISTORY_BYTES) return text;
  }
  return JSON.stringify(changes.map((change) => shortened(change, TIGHT)));
}

/** The annotation `history` is not valid, so no agent wrote it. */
export class HistoryError extends Error {
  override readonly name = 'HistoryError';
}

/** Returns the changes in the annotation's text, oldest first. Throws a HistoryError when the text is not valid. */
export function parseHistory(text: string): readonly PastChange[] {
  try {
    return v.parse(v.array(pastChangeSchema), JSON.parse(text));
  } catch (error) {
    throw new HistoryError(errorText(error), { cause: error });
  }
}

function shortened(change: PastChange, limits: Limits): PastChange {
  const { at, reason, revision, resourceVersion, file, before, after, result, why } = change;
  const { from, to } = shortenedLists(change, limits.list);
  return {
    at: word(at),
    reason: shortenInJson(reason, limits.reason),
    revision: word(revision),
    ...(resourceVersion !== undefined && { resourceVersion: word(resourceVersion) }),
    file: shortenInJson(file, limits.file),
    before: before === null ? null : word(before),
    after: after === null ? null : word(after),
    from,
    to,
    result,
    ...(why !== undefined && { why: shortenInJson(why, limits.why) }),
  };
}

function word(text: string): string {
  return shortenInJson(text, WORD_BYTES);
}

/** Shortens both lists or neither, so that a comparison of the two shows no difference that the cut made. */
function shortenedLists({ from, to }: PastChange, maxBytes: number): Pick<PastChange, 'from' | 'to'> {
  if (jsonBytes(from) <= maxBytes && jsonBytes(to) <= maxBytes) return { from, to };
  const [before, next] = [new Set(from), new Set(to)];
  const [removed, added] = [
    [...before].filter((entry) => !next.has(entry)),
    [...next].filter((entry) => !before.has(entry)),
  ];
  const unchanged = before.size - removed.length;
  const rest = unchanged > 0 ? [`… and ${unchanged} unchanged`] : [];
  return {
    from: [...beginning(removed, maxBytes, 'removed'), ...rest],
    to: [...beginning(added, maxBytes, 'added'), ...rest],
  };
}

function beginning(entries: readonly string[], maxBytes: number, direction: string): readonly string[] {
  let room = maxBytes - COUNTS_BYTES;
  const end = entries.findIndex((entry) => {
    room -= jsonBytes(entry) + 1;
    return room < 0;
  });
  return end === -1 ? entries : [...entries.slice(0, end), `… and ${entries.length - end} more ${direction}`];
}
