import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRevision, APPROVAL_MARKERS, STATES } from '../../agent/names.ts';
import { decideRollout, decisionCaches } from '../../agent/rollout/decide.ts';
import type { Approval, FleetNode, RolloutDecision } from '../../agent/rollout/fleet.ts';
import type { PolicyNow } from '../../agent/rollout/decision/gate.ts';
import { windowsAt } from '../../agent/rollout/windows/windows.ts';
import { createZones } from '../../agent/rollout/windows/zones.ts';
import { CONTROL_PLANE, NEW, NOW, OLD, revisionOf, secondsAgo, valid, waiting } from './fleets.ts';

const PROFILES = '- {name: db, nodeSelector: {pool: db}, allowedUnsafeSysctls: [kernel.sem]}';
const DB = revisionOf(valid({ profiles: PROFILES }), { pool: 'db' });
const zones = createZones();
const caches = decisionCaches(zones);

const aRevision = fc.constantFrom(NEW, NEW, NEW, DB, OLD, '1111111111');
const aTime = fc.oneof(
  fc.constantFrom(0, 1, 59, 60, 599, 600, 601, 3599, 3600, 86_400).map((seconds) => secondsAgo(seconds)),
  fc.integer({ min: -100, max: 5000 }).map((seconds) => secondsAgo(seconds)),
);

function maybe<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.option(value, { nil: undefined, freq: 8 });
}

const aNode: fc.Arbitrary<Partial<FleetNode>> = fc.record({
  labels: fc
    .tuple(fc.constantFrom('', 'db', 'canary'), fc.constantFrom('a', 'b', 'c'), fc.nat({ max: 5 }))
    .map(([pool, zone, role]) => ({
      pool,
      'topology.kubernetes.io/zone': zone,
      ...(role === 0 && CONTROL_PLANE),
    })),
  kubelet: fc.constantFrom('v1.37.2', 'v1.37.2', 'v1.37.2', 'v1.30.0', ''),
  readiness: maybe(fc.record({ ready: fc.constantFrom(true, true, true, false), since: aTime })),
  joining: fc.constantFrom(false, false, false, false, true),
  state: maybe(fc.constantFrom('Pending', 'Pending', 'Pending', 'Done', 'Done', ...STATES)),
  desiredRevision: maybe(aRevision),
  appliedRevision: maybe(fc.constantFrom(OLD, OLD, NEW, DB)),
  failedRevision: fc.oneof(
    { weight: 6, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: aRevision },
  ),
  lastChange: maybe(aTime),
  approvedRevision: maybe(fc.oneof(aRevision, fc.constantFrom(...Object.values(APPROVAL_MARKERS)))),
  approvedAt: maybe(aTime),
  paused: fc.constantFrom(false, false, false, false, false, true),
});

const aFleet = fc
  .array(aNode, { maxLength: 14 })
  .map((nodes) => nodes.map((more, index) => waiting(`n${String(index).padStart(2, '0')}`, more)));

const aView: fc.Arbitrary<PolicyNow> = fc
  .record({
    maxUnavailable: fc.constantFrom('1', '2', '5', '10%', '30%', '100%'),
    canary: fc.constantFrom('0', '1', '2', 'pool=canary'),
    soakSeconds: fc.constantFrom('0', '60', '600'),
    failureThreshold: fc.constantFrom('1', '3', '20%', '100%'),
    windows: fc.constantFrom('', '', 'Tue 11:00-12:30 UTC', 'Tue 13:00-14:00 UTC'),
    profiles: fc.constantFrom('', PROFILES),
    paused: fc.constantFrom('false', 'false', 'false', 'false', 'true'),
    rollout: fc.constantFrom('Coordinated', 'Coordinated', 'Coordinated', 'Immediate'),
  })
  .map((data) => valid(data));

describe('any decision about any fleet', () => {
  it('is the same whatever was decided before with the same caches', () => {
    holds((nodes, view) => {
      const shared = decisionCaches(zones);
      const { approvals } = decideRollout(nodes, view, NOW, shared);
      const others = applied(nodes, approvals).filter((_, at) => at % 5 !== 1);
      for (const [fleet, seconds] of [
        [others, 0],
        [nodes, 0],
        [nodes, 700],
        [others, 4000],
      ] as const) {
        const now = secondsAgo(-seconds);
        expect(decideRollout(fleet, view, now, shared)).toEqual(decideRollout(fleet, view, now));
      }
    });
  });

  it('makes at most maxUnavailable nodes unavailable, not counting joining ones', () => {
    holds((nodes, view) => {
      const before = decide(nodes, view);
      const after = decide(applied(nodes, before.approvals), view);
      expect(unavailable(after)).toBeLessThanOrEqual(Math.max(before.maxUnavailable, unavailable(before)));
    });
  });

  it('approves only joining nodes outside the windows', () => {
    holds((nodes, view) => {
      const isClosed = !windowsAt(view.policy?.settings.pace.windows ?? [], NOW, zones).open;
      const others = approvalsOf(decide(nodes, view)).filter(({ node }) => !find(nodes, node).joining);
      expect(isClosed ? others : []).toEqual([]);
    });
  });

  it('approves nothing while the rollout is Paused or Immediate, and only failed nodes while it is Halted', () => {
    holds((nodes, view) => {
      const decision = decide(nodes, view);
      const isStill = decision.phase === 'Paused' || view.policy?.settings.pace.rollout === 'Immediate';
      expect(isStill ? approvalsOf(decision) : []).toEqual([]);
      const unfailed = approvalsOf(decision).filter(
        ({ node, revision }) => find(nodes, node).failedRevision !== revision,
      );
      expect(decision.phase === 'Halted' ? unfailed : []).toEqual([]);
    });
  });

  it("approves only nodes that wait for the policy's revision, are Done with another one, or failed with it", () => {
    holds((nodes, view) => {
      const decision = decide(nodes, view);
      const wrong = approvalsOf(decision).filter(({ node: name, revision }) => {
        const { state, desiredRevision, appliedRevision, failedRevision, paused } = find(nodes, name);
        const verdict = decision.nodes.find((one) => one.name === name);
        if (verdict === undefined || paused || verdict.revision !== revision) return true;
        if (verdict.standing === 'failed') return failedRevision !== revision;
        const isDone = state === 'Done' && desiredRevision === appliedRevision;
        const isDue = isDone
          ? revision !== desiredRevision
          : state === 'Pending' && revision === desiredRevision;
        return verdict.standing !== 'waiting' || !isDue;
      });
      expect(wrong).toEqual([]);
    });
  });

  it('writes to each node once at most, and revokes no approval of a node that is Done with it', () => {
    holds((nodes, view) => {
      const { approvals } = decide(nodes, view);
      const names = approvals.map(({ node }) => node);
      expect(new Set(names).size).toBe(names.length);
      const touched = approvals
        .filter(({ revision }) => !isRevision(revision))
        .map(({ node }) => find(nodes, node))
        .filter(({ state }) => state === 'Done');
      expect(touched.filter((node) => node.approvedRevision === node.appliedRevision)).toEqual([]);
    });
  });

  it('writes no approval that the Node has already', () => {
    holds((nodes, view) => {
      const idle = decide(nodes, view).approvals.filter(
        ({ node, revision }) => find(nodes, node).approvedRevision === revision,
      );
      expect(idle).toEqual([]);
    });
  });

  it('writes nothing after four passes without other events', () => {
    holds((nodes, view) => {
      let seen = nodes;
      for (let round = 0; round < 4; round += 1) {
        seen = applied(seen, decide(seen, view).approvals);
      }
      expect(decide(seen, view).approvals).toEqual([]);
    });
  });

  it('decides the same for the same nodes in any order', () => {
    fc.assert(
      fc.property(
        aFleet.chain((nodes) =>
          fc.tuple(fc.constant(nodes), fc.shuffledSubarray([...nodes], { minLength: nodes.length })),
        ),
        aView,
        ([nodes, shuffled], view) => {
          expect(decide(shuffled, view)).toEqual(decide(nodes, view));
        },
      ),
    );
  });

  it('does not change before nextWakeup without other events', () => {
    fc.assert(
      fc.property(aFleet, aView, fc.integer({ min: 0, max: 4000 }), (nodes, view, seconds) => {
        const decision = decide(nodes, view);
        const until = decision.nextWakeup?.getTime() ?? Infinity;
        const later = new Date(Math.min(until - 1, secondsAgo(-seconds).getTime()));
        expect(summary(decideRollout(nodes, view, later, caches))).toEqual(summary(decision));
      }),
      { numRuns: 400 },
    );
  });
});

function holds(property: (nodes: readonly FleetNode[], view: PolicyNow) => void): void {
  fc.assert(fc.property(aFleet, aView, property), { numRuns: 200 });
}

function decide(nodes: readonly FleetNode[], view: PolicyNow): RolloutDecision {
  return decideRollout(nodes, view, NOW, caches);
}

function applied(nodes: readonly FleetNode[], approvals: readonly Approval[]): readonly FleetNode[] {
  const written = new Map(approvals.map(({ node, revision }) => [node, revision]));
  return nodes.map((node) =>
    written.has(node.name) ? { ...node, approvedRevision: written.get(node.name), approvedAt: NOW } : node,
  );
}

function approvalsOf({ approvals }: RolloutDecision): readonly Approval[] {
  return approvals.filter(({ revision }) => isRevision(revision));
}

function unavailable({ nodes }: RolloutDecision): number {
  return nodes.filter((verdict) => verdict.unavailable).length;
}

function find(nodes: readonly FleetNode[], name: string): FleetNode {
  return nodes.find((node) => node.name === name) ?? waiting(name);
}

/** The decision without nextWakeup and figures. */
function summary({ phase, reason, approvals, untaint, nodes }: RolloutDecision) {
  return { phase, reason, approvals, untaint, nodes };
}
