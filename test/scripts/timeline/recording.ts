// A constructed rollout for tests: a canary, a node that fails, a halt, and the edit that fixes it.

import type { Moment, NodeMoment } from '../../../scripts/timeline/moments.ts';

const [A, B, C] = ['a1a1a1a1a1', 'b2b2b2b2b2', 'c3c3c3c3c3'];
const START = 1_790_000_000_000;

/** Returns the epoch ms of `seconds` after the first edit. */
export function at(seconds: number): number {
  return START + seconds * 1000;
}

export function nodeAt(seconds: number, node: string, shown: Partial<NodeMoment>): NodeMoment {
  return {
    kind: 'node',
    ready: true,
    appliedRevision: A,
    zone: `zone-${node}`,
    ...shown,
    node,
    at: at(seconds),
  };
}

function wants(revision: string) {
  return { desiredRevision: revision, desired: revision, running: A };
}

function runs(revision: string) {
  return { desiredRevision: revision, desired: revision, running: revision };
}

function done(revision: string) {
  return { ...runs(revision), state: 'Done', appliedRevision: revision } as const;
}

/** Returns a recording of three nodes over 29 s. */
export function recording(): readonly Moment[] {
  return [
    ...['n1', 'n2', 'n3'].map((node) => nodeAt(-2, node, done(A))),
    { kind: 'phase', at: at(-2), phase: 'Done' },
    { kind: 'edit', at: at(0), what: 'one more' },
    ...['n1', 'n2', 'n3'].map((node) => nodeAt(0.1, node, { state: 'Pending', ...wants(B) })),
    { kind: 'phase', at: at(0.2), phase: 'Canary' },
    nodeAt(0.3, 'n1', { state: 'Pending', ...wants(B), approvedRevision: B }),
    nodeAt(1, 'n1', { state: 'Working', ...wants(B), approvedRevision: B }),
    nodeAt(1.5, 'n1', { state: 'Working', ...runs(B), approvedRevision: B }),
    nodeAt(4, 'n1', { ...done(B), approvedRevision: B }),
    { kind: 'phase', at: at(4.1), phase: 'Soaking' },
    { kind: 'phase', at: at(9), phase: 'Rolling' },
    nodeAt(9.1, 'n2', { state: 'Pending', ...wants(B), approvedRevision: B }),
    nodeAt(10, 'n2', { state: 'Working', ...wants(B), approvedRevision: B }),
    nodeAt(12, 'n2', { state: 'Degraded', ...wants(B), approvedRevision: B, failedRevision: B }),
    { kind: 'phase', at: at(12.1), phase: 'Halted' },
    { kind: 'edit', at: at(20), what: 'another & better one' },
    ...['n1', 'n2', 'n3'].map((node) =>
      nodeAt(20.1, node, {
        state: 'Pending',
        ...wants(C),
        ...(node === 'n1' ? { appliedRevision: B, running: B } : {}),
      }),
    ),
    { kind: 'phase', at: at(20.2), phase: 'Canary' },
    ...['n2', 'n1', 'n3'].map((node, index) => nodeAt(22 + index, node, done(C))),
    { kind: 'phase', at: at(25), phase: 'Done' },
    { kind: 'end', at: at(27) },
  ];
}
