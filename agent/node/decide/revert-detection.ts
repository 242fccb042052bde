// Whether somebody else puts the environment file back again and again. Pure.

import { sha256Of } from '../../text/hash.ts';
import type { PastChange } from '../state/state-store.ts';

/** So long after a change that was taken back the file is left alone, in ms. */
const LEFT_ALONE_MS = 86_400_000;

export interface PresentFile {
  readonly path: string;
  /** undefined: there is no such file. */
  readonly content: Uint8Array | undefined;
}

export interface Reverts {
  /** RFC 3339: the two changes that were taken back. */
  readonly at: readonly [string, string];
  /** When the file is no longer left alone. */
  readonly until: Date;
}

/**
 * The last two changes of the file, if both began from the very bytes that it has again now: somebody put them back twice.
 * What the agent put back itself, for another revision in between, is a change of its own and so none of the two.
 */
export function revertedTwice(
  history: readonly PastChange[],
  { path, content }: PresentFile,
): readonly [PastChange, PastChange] | undefined {
  const done = history.filter(({ file, result }) => file === path && result === 'Done');
  const revision = done.at(-1)?.revision;
  // A restart alone says nothing of the file; a revision in between does, whatever it changed.
  const [one, two] = done
    .filter((change) => change.before !== change.after || change.revision !== revision)
    .slice(-2);
  if (one === undefined || two === undefined || one.revision !== two.revision) {
    return undefined;
  }
  const now = sha256Of(content);
  const again = [one, two].every(({ before, after }) => before === now && after !== now);
  return again ? [one, two] : undefined;
}

/** The flapping that holds a change for `revision` back at this instant; undefined when nothing does. */
export function detectReverts(
  history: readonly PastChange[],
  file: PresentFile,
  { revision, now }: { readonly revision: string; readonly now: Date },
): Reverts | undefined {
  const pair = revertedTwice(history, file);
  if (pair === undefined || pair[0].revision !== revision) {
    return undefined;
  }
  const until = new Date(Date.parse(pair[0].at) + LEFT_ALONE_MS);
  return until > now ? { at: [pair[0].at, pair[1].at], until } : undefined;
}
