// What a node's annotations say about names that it shall allow.

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

/** What the node shows when it is settled: Done, the desired revision applied, and proven to run as wanted; else undefined. */
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

/** Whether the node shows a kubelet that is proven to run as wanted, be it still watched or Done. */
export function isProvenAs(annotations: Annotations, { allowed, forbidden }: Wanted): boolean {
  const running = listOf(annotations[KEYS.running]);
  return (
    ['Working', 'Done'].includes(annotations[KEYS.state] ?? '') &&
    allowed.every((name) => running.includes(name)) &&
    !forbidden.some((name) => running.includes(name))
  );
}

/** One node's annotations in a line, for an error. */
export function inOneLine(node: string, annotations: Annotations): string {
  const { state, running, reason, policyError } = KEYS;
  if (annotations[state] === undefined) return `${node}: no report of an agent yet`;
  const error = annotations[policyError] === undefined ? '' : ` Policy error: ${annotations[policyError]}`;
  return `${node}: ${annotations[state]}, running [${annotations[running] ?? '?'}]: ${annotations[reason] ?? ''}${error}`;
}

function listOf(text: string | undefined): readonly string[] {
  return text === undefined || text === '' ? [] : text.split(',');
}
