// Detects another program that reverts the environment file repeatedly. Pure.

import { sha256Of } from '../../text/hash.ts';
import type { PastChange } from '../state/state-store.ts';

/** How long the agent leaves a reverted file alone after its change, in ms. */
const LEFT_ALONE_MS = 86_400_000;

export interface PresentFile {
  readonly path: string;
  /** undefined: there is no such file. */
  readonly content: Uint8Array | undefined;
}

export interface Reverts {
  /** The times of the two reverted changes, RFC 3339. */
  readonly at: readonly [string, string];
  /** When the agent may change the file again. */
  readonly until: Date;
}

/**
 * Returns the last two changes of the file when both began from exactly the bytes that it has now: another program reverted them.
 * What the agent reverted itself, for another revision in between, is a change of its own and does not count.
 */
export function revertedTwice(
  history: readonly PastChange[],
  { path, content }: PresentFile,
): readonly [PastChange, PastChange] | undefined {
  const done = history.filter(({ file, result }) => file === path && result === 'Done');
  const revision = done.at(-1)?.revision;
  // A restart that left the file as it was does not count; another revision in between does.
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

/** Returns the reverts for which a change to `revision` must wait at `now`; undefined when it need not. */
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
