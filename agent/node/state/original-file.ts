// The file's bytes before the agent's first change, for mode Restore.

import { sha256Of } from '../../text/hash.ts';
import type { AgentState, Original } from './state-store.ts';

/** Returns the original to save after a change of the file from `before` to `after`; undefined when it is unknown. */
export function originalAfter(
  { original, lastChange }: Pick<AgentState, 'original' | 'lastChange'>,
  {
    file,
    before,
    after,
  }: {
    readonly file: string;
    readonly before: Uint8Array | undefined;
    readonly after: Uint8Array | undefined;
  },
): Original | undefined {
  const left = sha256Of(after);
  if (original !== undefined) {
    // Another party wrote the file meanwhile: keep `left`, which matches again only when the file has those bytes again.
    return original.file === file && original.left === sha256Of(before) ? { ...original, left } : original;
  }
  if (lastChange !== undefined) {
    return undefined;
  }
  return { file, bytes: before === undefined ? null : Buffer.from(before).toString('base64'), left };
}
