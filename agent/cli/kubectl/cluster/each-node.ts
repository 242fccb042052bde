// Acts on several nodes: those that the user names, or those with a label; a failure on one does not stop the others.

import { ApiError } from '../../../cluster/http/errors.ts';
import { count } from '../../../text/count.ts';
import { someNames } from '../../../text/names.ts';
import { failureText, UserError } from '../errors.ts';
import type { Program } from '../context.ts';
import type { Session } from '../session.ts';
import { listNodes, type ShownNode } from './nodes.ts';

/** Nodes by their names, or by a label selector of the API server. */
export type Wanted =
  | { readonly by: 'name'; readonly names: readonly string[] }
  | { readonly by: 'selector'; readonly selector: string };

export interface Target {
  readonly name: string;
  /** As the list by selector showed it; undefined for a named node. */
  readonly seen: ShownNode | undefined;
}

/** done: the text says what was done. skipped: it says why nothing was to be done. */
export interface Done {
  readonly did: 'done' | 'skipped';
  readonly text: string;
}

/** How many nodes are done; `failed` counts those that were not tried too. */
export interface Tally {
  readonly done: number;
  readonly skipped: number;
  readonly failed: number;
}

/** A kubeconfig's connections are not kept: with more the API server would have many handshakes at once. */
const AT_ONCE = 8;
const NAMES_WIDTH = 100;

/** Returns the targets. Throws a UserError when no node has the labels. */
export async function targetsOf(session: Session, wanted: Wanted): Promise<readonly Target[]> {
  if (wanted.by === 'name') return wanted.names.map((name) => ({ name, seen: undefined }));
  const nodes = await listNodes(session, { labelSelector: wanted.selector });
  if (nodes.length === 0) {
    throw new UserError(
      `Expected nodes with ${wanted.selector}, found none. See kubectl get nodes --show-labels.`,
    );
  }
  return nodes.map((seen) => ({ name: seen.name, seen }));
}

/**
 * Calls `act` for each target and prints each result when it is known. Without an answer of the API server, and when it does not accept
 * the credentials, the remaining nodes are not tried. With one target it throws that target's error.
 */
export async function onEachNode(
  { stdout, stderr }: Pick<Program, 'stdout' | 'stderr'>,
  session: Session,
  targets: readonly Target[],
  act: (target: Target) => Promise<Done>,
): Promise<Tally> {
  const tally = { done: 0, skipped: 0, failed: 0 };
  const left = [...targets];
  let isStopped = false;

  async function work(): Promise<void> {
    for (let target = left.shift(); target !== undefined && !isStopped; target = left.shift()) {
      try {
        const { did, text } = await act(target);
        tally[did] += 1;
        stdout.write(`${text}\n`);
      } catch (error) {
        if (targets.length === 1) throw error;
        tally.failed += 1;
        isStopped ||= concernsAll(error);
        stderr.write(`error: ${target.name}: ${failureText(error, session.place)}\n`);
      }
      if (isStopped) return;
    }
  }

  await Promise.all(Array.from({ length: AT_ONCE }, work));
  if (left.length > 0) {
    const names = someNames(
      left.map(({ name }) => name),
      NAMES_WIDTH,
    );
    stderr.write(`error: ${count(left.length, 'more node')} not tried: ${names}.\n`);
  }
  return { ...tally, failed: tally.failed + left.length };
}

function concernsAll(error: unknown): boolean {
  return error instanceof ApiError ? error.status === 401 : !(error instanceof UserError);
}
