// A fleet in virtual time: nodes that are slow, fail, vanish, return, join and are deleted, edits in the middle, and a
// coordinator that may end at any time, loses writes and observes late. Each write checks the invariants.

import { isDeepStrictEqual } from 'node:util';
import { decideRollout, decisionCaches } from '../../../agent/rollout/decide.ts';
import type { Approval, FleetNode, RolloutDecision } from '../../../agent/rollout/fleet.ts';
import { isRevision } from '../../../agent/names.ts';
import type { PolicyNow } from '../../../agent/rollout/decision/gate.ts';
import { windowsAt } from '../../../agent/rollout/windows/windows.ts';
import { createZones } from '../../../agent/rollout/windows/zones.ts';
import { done, OLD, policyWith, revisionOf, waiting } from '../fleets.ts';
import { type Random, randomFrom } from './random.ts';
import { isMoving, natureFrom, type SimulatedNode, simulatedNode } from './simulated-node.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const STEP_MS = 5 * SECOND_MS;
/** Until then anything may happen. */
const CALM_MS = 60 * MINUTE_MS;
/** Time for windows, timeouts and retries. */
const LONGEST_MS = 40 * 60 * MINUTE_MS;
const LOST_MS = 10 * MINUTE_MS;
const LONGEST_CHANGE_MS = 30 * MINUTE_MS;

const START = new Date('2026-03-28T20:00:00Z');
/** A node in every fleet that is never deleted. */
const FOR_GOOD = 'n0';
const CONTROL_PLANE = 'node-role.kubernetes.io/control-plane';
const POOLS = ['', 'db', 'canary'] as const;
const zones = createZones();
const caches = decisionCaches(zones);

interface Edit {
  readonly at: number;
  readonly data: Readonly<Record<string, string>>;
  readonly view: PolicyNow;
}

export interface Run {
  readonly seed: number;
  /** Violations of the invariants; empty when all held. */
  readonly faults: readonly string[];
  readonly finished: boolean;
  readonly last: RolloutDecision;
  readonly minutes: number;
  /** How often each event occurred, so that a test can check the coverage of the simulator. */
  readonly seen: Readonly<Record<'approvals' | 'halts' | 'withdrawals' | 'edits' | 'joins' | 'lost', number>>;
}

/** One run, determined by the seed. */
export function simulate(seed: number): Run {
  const random = randomFrom(seed);
  const edits = editsFrom(random);
  const failing = new Set(
    edits.slice(0, -1).flatMap(({ view }) => (random.chance(0.5) ? revisionsOf(view) : [])),
  );
  for (const revision of revisionsOf(edits.at(-1)?.view)) {
    failing.delete(revision);
  }
  const fleet = new Map<string, SimulatedNode>();
  const add = (name: string, joining: boolean): void => {
    fleet.set(name, simulatedNode(nodeFrom(random, name, joining), natureFrom(random, CALM_MS, failing)));
  };
  const size = random.whole(1, 12);
  for (let index = 0; index < size; index += 1) {
    add(`n${index}`, false);
  }
  const seen = { approvals: 0, halts: 0, withdrawals: 0, edits: edits.length, joins: 0, lost: 0 };
  const faults: string[] = [];
  const coordinator = coordinatorFrom(random);
  let last: RolloutDecision | undefined;

  for (let elapsed = 0; elapsed <= LONGEST_MS; elapsed += STEP_MS) {
    const now = new Date(START.getTime() + elapsed);
    const edit = edits.findLast(({ at }) => at <= elapsed) ?? edits[0];
    if (elapsed < CALM_MS && random.chance(0.002)) {
      add(`j${elapsed}`, true);
      seen.joins += 1;
    }
    for (const node of fleet.values()) {
      // Karpenter restores a start-up taint that it did not expect to go.
      if (elapsed < CALM_MS && random.chance(0.0005)) node.taint();
    }
    const victim = [...fleet.keys()].find((name) => name !== FOR_GOOD);
    if (elapsed < CALM_MS && fleet.size > 2 && victim !== undefined && random.chance(0.001)) {
      fleet.delete(victim);
      coordinator.forget(victim);
    }
    for (const node of fleet.values()) {
      node.approvalActive(now, START, (at) => {
        const read = edits.findLast((one) => START.getTime() + one.at <= at);
        return read && { revision: wanted(read, node.seen()), paused: isPaused(read) };
      });
    }
    const nodes = coordinator.observe(fleet, elapsed);
    if (nodes === undefined || edit === undefined) {
      continue;
    }
    const decision = decideRollout(nodes, edit.view, now, caches);
    last = decision;
    seen.halts += decision.phase === 'Halted' ? 1 : 0;
    seen.lost += decision.nodes.some(({ standing }) => standing === 'lost') ? 1 : 0;
    const check = (approval: Approval): readonly string[] =>
      faultsOf(approval, { nodes, fleet, edit, decision, now }).map(
        (fault) => `${now.toISOString()}: ${approval.node}: ${fault}`,
      );
    for (const approval of decision.approvals) {
      if (coordinator.losesWrite(elapsed)) break;
      fleet.get(approval.node)?.approve(approval.revision, now);
      coordinator.wrote(approval.node, fleet);
      seen[isApproval(approval) ? 'approvals' : 'withdrawals'] += 1;
      if (isApproval(approval)) faults.push(...check(approval));
    }
    for (const name of decision.untaint) {
      const node = fleet.get(name);
      const known = nodes.find((one) => one.name === name);
      // The API server refuses a write with a stale resource version.
      if (!isDeepStrictEqual(known, node?.seen())) continue;
      if (known?.appliedRevision === undefined)
        faults.push(`${now.toISOString()}: ${name}: untainted before its first change is done`);
      node?.untaint();
      coordinator.wrote(name, fleet);
    }
    if (elapsed > CALM_MS && isFinished(decision, fleet, edit)) {
      return { seed, faults, finished: true, last: decision, minutes: elapsed / MINUTE_MS, seen };
    }
  }
  if (last === undefined) {
    throw new Error('Expected the coordinator to decide at least once.');
  }
  return { seed, faults, finished: false, last, minutes: LONGEST_MS / MINUTE_MS, seen };
}

/** Done, or paused afterwards. */
function isThere({ state, appliedRevision, desiredRevision }: FleetNode): boolean {
  return (state === 'Done' || state === 'Observing') && appliedRevision === desiredRevision;
}

interface Circumstances {
  /** The nodes as the coordinator observed them. */
  readonly nodes: readonly FleetNode[];
  /** The actual nodes. */
  readonly fleet: ReadonlyMap<string, SimulatedNode>;
  readonly edit: Edit;
  readonly decision: RolloutDecision;
  readonly now: Date;
}

/** Checks the invariants after an approval was written. */
function faultsOf({ node: name, revision }: Approval, circumstances: Circumstances): readonly string[] {
  const { nodes, fleet, edit, decision, now } = circumstances;
  const pace = edit.view.policy?.settings.pace;
  const node = nodes.find((one) => one.name === name);
  if (pace === undefined || node === undefined) {
    return ['approved without a policy, or what is not there'];
  }
  const faults: string[] = [];
  const expect = (holds: boolean, fault: string): void => {
    if (!holds) faults.push(fault);
  };
  expect(!isPaused(edit), 'approved while the policy is paused');
  expect(revision === wanted(edit, node), 'approved for what the policy does not ask');
  expect(
    node.desiredRevision === revision ||
      (node.state === 'Done' && node.desiredRevision === node.appliedRevision),
    'approved though its agent wants something else',
  );
  expect(node.appliedRevision !== revision, 'approved though it is there');
  const failures = nodes.filter((one) => one.failedRevision === wanted(edit, one) && !one.paused).length;
  const base = nodes.filter((one) => one.state !== undefined && !one.joining).length;
  const { failureThreshold } = pace;
  const threshold =
    failureThreshold.kind === 'count'
      ? failureThreshold.count
      : Math.max(1, Math.floor((failureThreshold.percent * base) / 100));
  expect(failures < threshold, 'approved after a halt');
  if (node.joining) {
    return faults;
  }
  expect(windowsAt(pace.windows, now, zones).open, 'approved outside the windows');
  // A node that was unavailable before uses no slot; a node that has been not Ready for long is not counted.
  const moving = [...fleet.values()]
    .map((one) => one.seen())
    .filter((one) => !one.joining && isMoving(one) && !isLongNotReady(one, now));
  const isNew = node.readiness?.ready === true;
  expect(
    !isNew || moving.length <= decision.maxUnavailable,
    `${moving.length} at a time, of ${decision.maxUnavailable}`,
  );
  const leaders = moving.filter((one) => CONTROL_PLANE in one.labels);
  expect(
    !isNew || !leaders.some((one) => one.name === name) || leaders.length <= 1,
    'two control-plane nodes at a time',
  );
  if (pace.canary.kind === 'count') {
    const all = nodes.filter((one) => !one.joining && wanted(edit, one) === revision);
    // A control-plane node that joined with the list is no canary for workers.
    const workers = all.filter((one) => !(CONTROL_PLANE in one.labels));
    const alike = workers.length > 0 ? workers : all;
    const begun = alike.filter(
      (one) =>
        (one.desiredRevision === revision || (one.state === 'Done' && one.approvedRevision === revision)) &&
        one.failedRevision !== revision &&
        // Blocked after its approval: the same decision revokes it and picks another node.
        one.state !== 'Blocked' &&
        !(one.paused && one.state !== 'Working' && one.appliedRevision !== revision) &&
        (one.appliedRevision === revision || isMoving(one)) &&
        !isLongNotReady(one, now),
    ).length;
    const proven = alike.filter(
      (one) =>
        isThere(one) &&
        one.appliedRevision === revision &&
        now.getTime() - changedAt(one) >= pace.soakSeconds * SECOND_MS,
    ).length;
    expect(proven > 0 || begun < pace.canary.count || pace.canary.count === 0, 'before its canaries');
  }
  return faults;
}

/** A longer change is attributed to a wrong clock, and its soak counts from the approval. */
function changedAt({ lastChange, approvedAt }: FleetNode): number {
  const [changed, approved] = [lastChange?.getTime() ?? 0, approvedAt?.getTime() ?? Infinity];
  return changed - approved > LONGEST_CHANGE_MS ? approved : changed;
}

function isFinished(
  decision: RolloutDecision,
  fleet: ReadonlyMap<string, SimulatedNode>,
  edit: Edit,
): boolean {
  return (
    decision.phase === 'Done' &&
    decision.approvals.length === 0 &&
    [...fleet.values()]
      .map((node) => node.seen())
      .every((node) => node.state === 'Done' && node.appliedRevision === wanted(edit, node) && !node.joining)
  );
}

/** What the coordinator has observed, and when none runs. */
function coordinatorFrom(random: Random) {
  const known = new Map<string, FleetNode>();
  let backAt = 0;

  return {
    /** Returns undefined while no coordinator runs. Observations may be late; a new coordinator has read everything. */
    observe(fleet: ReadonlyMap<string, SimulatedNode>, elapsed: number): readonly FleetNode[] | undefined {
      if (elapsed < CALM_MS && random.chance(0.01)) {
        backAt = elapsed + random.whole(0, 120) * SECOND_MS;
        known.clear();
      }
      if (elapsed < backAt) {
        return undefined;
      }
      for (const [name, node] of fleet) {
        if (!known.has(name) || random.chance(0.7)) known.set(name, node.seen());
      }
      return [...known.values()].toSorted(() => random.fraction() - 0.5);
    },
    /** Whether the coordinator ends before the next write, or the API server refuses it. */
    losesWrite: (elapsed: number) => elapsed < CALM_MS && random.chance(0.05),
    wrote(name: string, fleet: ReadonlyMap<string, SimulatedNode>): void {
      const node = fleet.get(name);
      if (node !== undefined) known.set(name, node.seen());
    },
    forget: (name: string) => known.delete(name),
  };
}

/** With the last policy every rollout can finish. */
function editsFrom(random: Random): readonly Edit[] {
  const count = random.whole(1, 5);
  const pace = {
    maxUnavailable: random.oneOf(['1', '2', '3', '10%', '50%', '100%']),
    canary: random.oneOf(['0', '1', '1', '2', '20', 'pool=canary']),
    soakSeconds: random.oneOf(['0', '30', '60', '300']),
    failureThreshold: random.oneOf(['1', '1', '2', '50%']),
    windows: random.oneOf([
      '',
      '',
      'Mon-Sun 22:00-02:30 Europe/Berlin',
      'Sat 20:00-21:00 UTC\nSun 01:00-05:00 Europe/Berlin',
    ]),
  };
  const lists = ['net.a', 'net.b', 'net.a,net.c'] as const;
  return Array.from({ length: count }, (_, index) => {
    const isLast = index === count - 1;
    const data = {
      ...pace,
      ...(random.chance(0.2) && { maxUnavailable: random.oneOf(['1', '4']) }),
      allowedUnsafeSysctls: isLast ? 'net.last' : random.oneOf(lists),
      profiles: random.chance(0.5)
        ? `- {name: db, nodeSelector: {pool: db}, allowedUnsafeSysctls: [${random.oneOf(['kernel.sem', 'kernel.shm*'])}]}`
        : '',
      ...(!isLast && random.chance(0.15) && { paused: 'true' }),
    };
    return {
      at: index === 0 ? 0 : Math.round((index * CALM_MS) / count) + random.whole(-200, 0) * SECOND_MS,
      data,
      view: { policy: policyWith(data), errors: [] },
    };
  });
}

function nodeFrom(random: Random, name: string, joining: boolean): FleetNode {
  const labels: Record<string, string> = {
    // Canaries by labels need a node with the labels.
    pool: name === FOR_GOOD ? 'canary' : random.oneOf(POOLS),
    'topology.kubernetes.io/zone': random.oneOf(['a', 'b']),
    ...(random.chance(0.15) && { [CONTROL_PLANE]: '' }),
  };
  const make = joining || random.chance(0.2) ? waiting : done;
  return make(name, {
    labels,
    joining,
    readiness: { ready: true, since: START },
    ...(joining
      ? { state: undefined, appliedRevision: undefined, approvedRevision: undefined }
      : { appliedRevision: OLD, approvedRevision: OLD }),
    desiredRevision: joining ? undefined : OLD,
    lastChange: joining ? undefined : new Date(START.getTime() - 60 * MINUTE_MS),
    approvedAt: joining ? undefined : new Date(START.getTime() - 61 * MINUTE_MS),
  });
}

const wantedBefore = new WeakMap<Edit, Map<string, string>>();

/** The revision of an edit for the node. */
function wanted(edit: Edit, { labels }: FleetNode): string {
  const known = wantedBefore.get(edit) ?? new Map<string, string>();
  wantedBefore.set(edit, known);
  const pool = labels['pool'] ?? '';
  const revision = known.get(pool) ?? revisionOf(edit.view, { pool });
  known.set(pool, revision);
  return revision;
}

function revisionsOf(view: PolicyNow | undefined): readonly string[] {
  return view === undefined ? [] : POOLS.map((pool) => revisionOf(view, { pool }));
}

function isPaused({ view }: Edit): boolean {
  return view.policy?.settings.paused === true;
}

function isApproval({ revision }: Approval): boolean {
  return isRevision(revision);
}

function isLongNotReady({ readiness }: FleetNode, now: Date): boolean {
  return readiness?.ready === false && now.getTime() - readiness.since.getTime() >= LOST_MS;
}
