// One node of the simulated fleet: its Node object, and an agent that reads, waits, changes, fails and retries.

import { APPROVAL_MARKERS, type State } from '../../../agent/names.ts';
import type { FleetNode } from '../../../agent/rollout/fleet.ts';
import { isApproved } from '../../../scripts/timeline/unavailable.ts';
import type { Random } from './random.ts';

const SECOND_MS = 1000;
/** The Node becomes not Ready this long after the kubelet's last report. */
const GRACE_MS = 40 * SECOND_MS;
const RETRY_MS = 30 * SECOND_MS;

/** How its agent and its kubelet behave. */
export interface Nature {
  /** How long an agent that is Done delays its report Pending. */
  readonly quietMs: number;
  /** From an edit to the agent's report. */
  readonly readsAfterMs: number;
  /** From an approval to the begin of the change. */
  readonly beginsAfterMs: number;
  readonly changeMs: number;
  /** When the machine is off, from and to, in ms since the start; undefined: never. */
  readonly off: { readonly from: number; readonly to: number } | undefined;
  /** When only the agent is down, from and to. */
  readonly asleep: { readonly from: number; readonly to: number } | undefined;
  /** Pods block it until then. */
  readonly heldUntil: number;
  readonly pausedUntil: number;
  /** How many changes to each of these revisions fail. */
  readonly fails: (revision: string) => number;
}

export interface Asked {
  readonly revision: string;
  readonly paused: boolean;
}

/** The agent's state that the Node does not show. */
interface Inner {
  reportedAt: number;
  /** The revision that its agent wants, and since when; the Node may not show it yet. */
  wanted: string | undefined;
  wantedAt: number;
  doneAt: number | undefined;
  changingTo: string;
  retryAt: number;
  failures: Map<string, number>;
  wasOff: boolean;
  /** The agent's last report, when the API server has lost it. */
  lost: Partial<FleetNode> | undefined;
}

export interface SimulatedNode {
  seen(): FleetNode;
  /** What the coordinator writes. */
  approve(revision: string | undefined, now: Date): void;
  untaint(): void;
  /** Another party gives it the start-up taint again. */
  taint(): void;
  /** The API server has an older Node; the agent reports again. */
  restore(older: FleetNode): void;
  /** The API server loses the agent's last report. */
  isLost(): boolean;
  /** Advances time; `asked` returns the policy's revision for this node at an instant. */
  approvalActive(now: Date, start: Date, asked: (at: number) => Asked | undefined): void;
}

export function simulatedNode(first: FleetNode, nature: Nature): SimulatedNode {
  let node = first;
  const inner: Inner = {
    reportedAt: 0,
    wanted: first.desiredRevision,
    wantedAt: 0,
    doneAt: undefined,
    changingTo: '',
    retryAt: 0,
    failures: new Map(),
    wasOff: false,
    lost: undefined,
  };

  function set(more: Partial<FleetNode>): void {
    node = { ...node, ...more };
  }

  function breathe(now: Date, elapsed: number): boolean {
    const off = within(nature.off, elapsed);
    if (off && !inner.wasOff) {
      inner.reportedAt = now.getTime();
    }
    // A change that the power loss interrupted restarts when the machine is back.
    if (!off && inner.wasOff && inner.doneAt !== undefined) {
      inner.doneAt = now.getTime() + nature.changeMs;
    }
    inner.wasOff = off;
    const ready = !off || now.getTime() - inner.reportedAt < GRACE_MS;
    if (node.readiness?.ready !== ready) {
      set({ readiness: { ready, since: now } });
    }
    return !off && !within(nature.asleep, elapsed);
  }

  function finish(now: Date): void {
    const revision = inner.changingTo;
    const failures = inner.failures.get(revision) ?? 0;
    inner.doneAt = undefined;
    if (failures < nature.fails(revision)) {
      inner.failures.set(revision, failures + 1);
      inner.retryAt = now.getTime() + RETRY_MS * 2 ** failures;
      set({ state: 'Degraded', failedRevision: revision, reason: `Revision ${revision} does not start.` });
    } else {
      set({ state: 'Done', appliedRevision: revision, failedRevision: undefined, lastChange: now });
    }
  }

  function act(now: Date, elapsed: number, asked: Asked): void {
    set({ paused: elapsed < nature.pausedUntil, ...inner.lost });
    inner.lost = undefined;
    if (inner.doneAt !== undefined) {
      if (now.getTime() >= inner.doneAt) finish(now);
      return;
    }
    const { revision } = asked;
    const say = (state: State): void => {
      set({ state, desiredRevision: revision, ...(isNew && { failedRevision: undefined }) });
    };
    const isNew = node.desiredRevision !== revision;
    if (inner.wanted !== revision) {
      inner.retryAt = 0;
      inner.wanted = revision;
      inner.wantedAt = now.getTime();
    }
    if (asked.paused || node.paused) {
      say('Observing');
    } else if (node.appliedRevision === revision) {
      say('Done');
    } else if (node.failedRevision === revision && now.getTime() < inner.retryAt) {
      say('Degraded');
    } else if (elapsed < nature.heldUntil) {
      say('Blocked');
    } else if (node.approvedRevision === revision && isOld(node.approvedAt, now, nature.beginsAfterMs)) {
      inner.doneAt = now.getTime() + nature.changeMs;
      inner.changingTo = revision;
      say('Working');
    } else if (node.state !== 'Done' || isMissed(node) || now.getTime() - inner.wantedAt >= nature.quietMs) {
      say('Pending');
    }
  }

  return {
    seen: () => node,
    approve(revision, now) {
      set({ approvedRevision: revision, approvedAt: revision === undefined ? undefined : now });
    },
    untaint: () => set({ joining: false }),
    taint: () => set({ joining: true }),
    restore(older) {
      const { state, reason, desiredRevision, appliedRevision, failedRevision, lastChange } = node;
      inner.lost ??= { state, reason, desiredRevision, appliedRevision, failedRevision, lastChange };
      node = { ...older, readiness: node.readiness };
    },
    isLost: () => inner.lost !== undefined,
    approvalActive(now, start, askedAt) {
      const elapsed = now.getTime() - start.getTime();
      const asked = askedAt(now.getTime() - nature.readsAfterMs);
      if (breathe(now, elapsed) && asked !== undefined) {
        act(now, elapsed, asked);
      }
    },
  };
}

/** A random behaviour without faults after `calmMs`. `fails` names the revisions that may fail. */
export function natureFrom(random: Random, calmMs: number, failing: ReadonlySet<string>): Nature {
  const span = (probability: number): Nature['off'] => {
    const from = random.whole(0, calmMs);
    return random.chance(probability)
      ? { from, to: Math.min(calmMs, from + random.whole(0, 40 * 60) * SECOND_MS) }
      : undefined;
  };
  const failures = random.chance(0.3) ? random.oneOf([1, 2, Infinity]) : 0;
  return {
    quietMs: random.oneOf([0, 60, 300, 600, 7200]) * SECOND_MS,
    readsAfterMs: random.whole(0, 30) * SECOND_MS,
    beginsAfterMs: random.whole(0, 20) * SECOND_MS,
    changeMs: (random.chance(0.1) ? random.whole(300, 900) : random.whole(10, 60)) * SECOND_MS,
    off: span(0.2),
    asleep: span(0.15),
    heldUntil: random.chance(0.1) ? random.whole(0, calmMs) : 0,
    pausedUntil: random.chance(0.1) ? random.whole(0, calmMs) : 0,
    fails: (revision) => (failing.has(revision) ? failures : 0),
  };
}

/** True when the node has an approval that a change may begin with, or is at work. */
export function isMoving(node: FleetNode): boolean {
  return node.state === 'Working' || isApproved(node);
}

function isMissed({ approvedRevision }: FleetNode): boolean {
  return approvedRevision === APPROVAL_MARKERS.unread || approvedRevision === APPROVAL_MARKERS.unanswered;
}

function within(span: { readonly from: number; readonly to: number } | undefined, at: number): boolean {
  return span !== undefined && span.from <= at && at < span.to;
}

function isOld(time: Date | undefined, now: Date, ms: number): boolean {
  return time !== undefined && now.getTime() - time.getTime() >= ms;
}
