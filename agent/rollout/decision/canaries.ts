// Which nodes are canaries, and whether they have proven the revision that the others wait for.

import type { Canary } from '../../policy/policy.ts';
import { countOf, only } from './many.ts';
import { orderCandidates, type ZoneLoads } from './order.ts';
import type { Candidate } from './node-status.ts';

export type Stage = 'Canary' | 'Soaking' | 'Rolling';

export interface Canaries {
  /** Nodes that the canary rules allow to be approved now, in the order of names. */
  readonly eligible: readonly Candidate[];
  readonly isCanary: (member: Candidate) => boolean;
  /** The stage of the unfinished revisions; undefined when all are finished. */
  readonly stage: Stage | undefined;
  /** When the soaks end that other nodes wait for, in ms since the epoch. */
  readonly soaks: readonly number[];
  /** The policy names labels, and no node has all of them. */
  readonly missing: boolean;
}

/** The caller passes the selected nodes as `members`, in the order of names. `now` in ms since the epoch. */
export function canariesOf(
  canary: Canary,
  members: readonly Candidate[],
  loads: ZoneLoads,
  now: number,
): Canaries {
  return canary.kind === 'count'
    ? byNumber(canary.count, members, loads, now)
    : byLabels(canary.labels, members, now);
}

interface Group {
  readonly revision: string | undefined;
  readonly members: readonly Candidate[];
  readonly stage: Stage;
  readonly picked: readonly Candidate[];
}

/** Each revision needs its own canaries. */
function byNumber(count: number, members: readonly Candidate[], loads: ZoneLoads, now: number): Canaries {
  const byRevision = Map.groupBy(members, ({ revision }) => revision);
  const groups = [...byRevision].map(([revision, group]) => ({
    revision,
    ...proofOf(group, count, loads, now),
  }));
  const isProven = groups.every(({ members: group, stage }) => stage === 'Rolling' || !hasWorkers(group));
  const unfinished = groups.filter(({ members: group }) => group.some(isUnfinished));
  const unproven = unfinished.filter(({ stage }) => stage !== 'Rolling');
  const canaries = new Set(
    unproven.flatMap(({ members: group, picked }) => [...group.filter(hasBegun), ...picked]),
  );
  const picks = new Set(groups.flatMap(({ picked }) => picked));
  const rolling = new Set(groups.filter(({ stage }) => stage === 'Rolling').map(({ revision }) => revision));
  const isEligible = (member: Candidate): boolean =>
    (rolling.has(member.revision) ? mayGo(member) : picks.has(member)) &&
    (isProven || !member.isControlPlane);
  return {
    eligible: only(members, isEligible),
    isCanary: (member) => canaries.has(member),
    stage: furthest(unfinished.map(({ stage }) => stage)),
    soaks: soaksOf(
      unproven.flatMap(({ members: group }) => group),
      now,
    ),
    missing: false,
  };
}

/** Control-plane nodes are canaries only of a revision that no worker gets. */
function proofOf(
  members: readonly Candidate[],
  count: number,
  loads: ZoneLoads,
  now: number,
): Omit<Group, 'revision'> {
  const workers = hasWorkers(members) ? only(members, ({ isControlPlane }) => !isControlPlane) : members;
  const needed = Math.min(count, countOf(workers, isAlive));
  const proven = countOf(workers, (member) => isProof(member, now));
  if (proven >= needed) {
    return { members, stage: 'Rolling', picked: [] };
  }
  const begun = workers.filter(hasBegun);
  const ordered = orderCandidates(workers.filter(mayGo), loads);
  // A node that is not Ready cannot prove the revision.
  const readyFirst = [...ordered.filter(isReady), ...ordered.filter((member) => !isReady(member))];
  const picked = readyFirst.slice(0, Math.max(0, needed - begun.length));
  const isSoaking = begun.length >= needed && begun.every(({ standing }) => standing === 'done');
  return { members, stage: isSoaking ? 'Soaking' : 'Canary', picked };
}

/** All nodes with the labels go first. At least one of them, and each that can be changed, must be proven. */
function byLabels(
  labels: Readonly<Record<string, string>>,
  members: readonly Candidate[],
  now: number,
): Canaries {
  const pairs = Object.entries(labels);
  const pool = new Set(
    members.filter(({ node }) => pairs.every(([label, value]) => node.labels[label] === value)),
  );
  const able = [...pool].filter(({ standing }) => standing !== 'held' && standing !== 'lost');
  const isProven = able.length > 0 && able.every((member) => isProof(member, now));
  const isSoaking = able.length > 0 && able.every(({ standing }) => standing === 'done');
  const unproven: Stage = isSoaking ? 'Soaking' : 'Canary';
  return {
    eligible: members.filter((member) => mayGo(member) && (isProven || pool.has(member))),
    isCanary: (member) => pool.has(member),
    stage: members.some(isUnfinished) ? (isProven ? 'Rolling' : unproven) : undefined,
    soaks: !isProven && members.some(isUnfinished) ? soaksOf(able, now) : [],
    missing: pool.size === 0,
  };
}

/** True for a node that wants the policy's revision and waits for its approval. */
export function mayGo({ node, standing, wantsCurrentRevision }: Candidate): boolean {
  return standing === 'waiting' && wantsCurrentRevision && node.state === 'Pending';
}

function isProof({ soakedAt }: Candidate, now: number): boolean {
  return soakedAt !== undefined && soakedAt <= now;
}

function hasBegun({ standing, wantsCurrentRevision }: Candidate): boolean {
  return standing === 'done' || (standing === 'changing' && wantsCurrentRevision);
}

function isAlive({ standing }: Candidate): boolean {
  return standing === 'done' || standing === 'changing' || standing === 'waiting';
}

function isUnfinished({ standing }: Candidate): boolean {
  return standing === 'changing' || standing === 'waiting';
}

function isReady({ node }: Candidate): boolean {
  return node.readiness?.ready === true;
}

function hasWorkers(members: readonly Candidate[]): boolean {
  return members.some((member) => !member.isControlPlane && isAlive(member));
}

function soaksOf(members: readonly Candidate[], now: number): readonly number[] {
  return members.map(({ soakedAt = -Infinity }) => soakedAt).filter((soakedAt) => soakedAt > now);
}

function furthest(stages: readonly Stage[]): Stage | undefined {
  return (['Rolling', 'Canary', 'Soaking'] as const).find((stage) => stages.includes(stage));
}
