// Whether a node's annotations show that it allows the wanted names.

import { KEYS } from '../../agent/names.ts';

export type Annotations = Readonly<Record<string, string>>;

export interface Settled {
  readonly state: string;
  readonly reason: string;
  readonly desired: readonly string[];
  readonly running: readonly string[];
  readonly revision: string;
}

export interface Wanted {
  /** Names that the running kubelet must allow. */
  readonly allowed: readonly string[];
  /** Names that it must not. */
  readonly forbidden: readonly string[];
}

/** Returns what a settled node shows (Done, the desired revision applied, verified to run the wanted names); undefined when not settled. */
export function settledAs(annotations: Annotations, { allowed, forbidden }: Wanted): Settled | undefined {
  const desired = listOf(annotations[KEYS.desired]);
  const running = listOf(annotations[KEYS.running]);
  const revision = annotations[KEYS.desiredRevision];
  const settled =
    annotations[KEYS.state] === 'Done' &&
    revision !== undefined &&
    annotations[KEYS.appliedRevision] === revision &&
    annotations[KEYS.policyError] === undefined &&
    allowed.every((name) => desired.includes(name) && running.includes(name)) &&
    !forbidden.some((name) => desired.includes(name) || running.includes(name));
  return settled
    ? { state: 'Done', reason: annotations[KEYS.reason] ?? '', desired, running, revision }
    : undefined;
}

/** Returns whether the node shows a kubelet that is verified to run the wanted names, soaking or Done. */
export function isProvenAs(annotations: Annotations, { allowed, forbidden }: Wanted): boolean {
  const running = listOf(annotations[KEYS.running]);
  return (
    ['Working', 'Done'].includes(annotations[KEYS.state] ?? '') &&
    allowed.every((name) => running.includes(name)) &&
    !forbidden.some((name) => running.includes(name))
  );
}

/** Returns one node's annotations in a line, for an error. */
export function inOneLine(node: string, annotations: Annotations): string {
  const { state, running, reason, policyError } = KEYS;
  if (annotations[state] === undefined) return `${node}: no report of an agent yet`;
  const error = annotations[policyError] === undefined ? '' : ` Policy error: ${annotations[policyError]}`;
  return `${node}: ${annotations[state]}, running [${annotations[running] ?? '?'}]: ${annotations[reason] ?? ''}${error}`;
}

function listOf(text: string | undefined): readonly string[] {
  return text === undefined || text === '' ? [] : text.split(',');
}
