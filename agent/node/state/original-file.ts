// The file's bytes from before the agent touched it first, for the day on which the agent's work is taken out again.

import { sha256Of } from '../../text/hash.ts';
import type { AgentState, Original } from './state-store.ts';

/** The original to remember after a change of the file from `before` to `after`. */
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
    // What somebody else wrote meanwhile is not ours to take back: `left` does not fit until those bytes are there again.
    return original.file === file && original.left === sha256Of(before) ? { ...original, left } : original;
  }
  if (lastChange !== undefined) {
    return undefined;
  }
  return { file, bytes: before === undefined ? null : Buffer.from(before).toString('base64'), left };
}
