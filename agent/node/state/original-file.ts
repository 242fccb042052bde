// The files that the agent has written, each with its bytes before the agent's first change, for mode Restore.

import type { Carried } from '../../plan/types.ts';
import { EXTRA_ARGS } from '../../kubelet/unit.ts';
import { sha256Of } from '../../text/hash.ts';
import type { AgentState, Original } from './state-store.ts';

type Saved = Pick<AgentState, 'original' | 'originals' | 'lastChange'>;

export interface FileChange {
  readonly file: string;
  /** undefined: the file is the agent's drop-in. */
  readonly variable: string | undefined;
  readonly before: Uint8Array | undefined;
  readonly after: Uint8Array | undefined;
  readonly remember: { readonly ours: readonly string[]; readonly folded: readonly string[] };
  readonly carried: Carried | undefined;
  /** Nothing of the agent is left in the file. */
  readonly isCleaned: boolean;
}

/** Returns every file that the agent has written; undefined when an agent that did not save them has changed the node. */
export function originalsOf({ original, originals, lastChange }: Saved): readonly Original[] | undefined {
  if (originals !== undefined) return originals;
  if (original !== undefined) return [original];
  return lastChange === undefined ? [] : undefined;
}

/** Returns the files to save after a plan was carried out, or after one that changed nothing; undefined as above. */
export function originalsAfter(state: Saved, change: FileChange): readonly Original[] | undefined {
  const known = originalsOf(state);
  const { file, variable, before, after, isCleaned } = change;
  const others = known?.filter((one) => !isOf(one, change));
  if (known === undefined || others === undefined) return undefined;
  if (isCleaned) return others;
  const left = sha256Of(after);
  const old = known.find((one) => isOf(one, change));
  if (left === sha256Of(before))
    return old === undefined ? known : known.map((one) => (one === old ? following(old, change) : one));
  const bytes = before === undefined ? null : Buffer.from(before).toString('base64');
  // Another party wrote the file meanwhile: keep `left`, which matches again only when the file has those bytes again.
  const isKept = old !== undefined && old.left !== sha256Of(before) && old.bytes !== bytes;
  const entry = {
    file,
    ...(variable !== EXTRA_ARGS && { variable: variable ?? null }),
    bytes,
    ...old,
    left: isKept ? old.left : left,
  };
  const { ours, folded } = change.remember;
  return [...others, following({ ...entry, applied: [...ours, ...folded] }, change)];
}

/** True for what the agent saved of this variable in this file: a file may have had more than one. */
export function isOf(
  { file, variable = EXTRA_ARGS }: Original,
  change: Pick<FileChange, 'file' | 'variable'>,
): boolean {
  return file === change.file && (variable ?? undefined) === change.variable;
}

function following({ carried: _, ...original }: Original, { carried }: FileChange): Original {
  return { ...original, ...(carried && { carried }) };
}

/** Returns the state with the files as they are to be saved after a plan that changed nothing. */
export function withOriginals(agentState: AgentState, change: FileChange): AgentState {
  const originals = originalsAfter(agentState, change);
  if (originals === undefined || originals.length === 0) return agentState;
  const { original: _, ...others } = agentState;
  return { ...others, originals };
}
