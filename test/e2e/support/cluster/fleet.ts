// A coordinated rollout on some nodes of the bed, and its recording.

import { stringify } from 'yaml';
import type { Phase } from '../../../../agent/rollout/fleet.ts';
import { type Moment, type NodeMoment, since } from '../../../../scripts/timeline/moments.ts';
import { type Recorder, recordRollout } from '../../../../scripts/timeline/recorder.ts';
import { freshNodes } from '../node/fresh.ts';
import { awaitHealthy } from '../node/healthy.ts';
import { clearPolicy, setKeys } from '../../../../scripts/node/policy.ts';
import type { TestNode } from '../../../../scripts/node/test-node.ts';
import type { World } from '../../../../scripts/node/world.ts';

/** Nodes without this label are not changed. */
const LABEL = 'e2e-fleet';
export const SOAK_SECONDS = 3;
const PACE = {
  rollout: 'Coordinated',
  canary: '1',
  maxUnavailable: '1',
  failureThreshold: '1',
  soakSeconds: String(SOAK_SECONDS),
  windows: '',
};
const HOUR_MS = 3_600_000;
/** Longer than a takeover and a rollout after it. */
const TIMEOUT_MS = 90_000;

export interface Fleet extends AsyncDisposable {
  readonly world: World;
  readonly nodes: readonly TestNode[];
  readonly recorder: Recorder;
  /** Edits the list of all of them, and the pace; resolves with the instant right before. */
  setList(names: readonly string[], pace?: Readonly<Record<string, string>>): Promise<number>;
  /** Resolves with all that was shown since that instant, when every one of them is Done with these. */
  awaitDone(names: readonly string[], from: number): Promise<readonly Moment[]>;
  /** Resolves when this phase is the last that the coordinator told, and told since that instant. */
  awaitPhase(phase: Phase, from: number): Promise<void>;
}

/** Fresh nodes with a policy of their own; disposed of, they are asked nothing any more. */
export async function fleetOf(names: readonly string[]): Promise<Fleet> {
  const nodes = await freshNodes(names);
  const [first] = nodes;
  if (first === undefined) throw new Error('Expected a fleet of at least one node.');
  const { world } = first;
  // Until a kubelet that was restarted answers, its node is Blocked, and others go first.
  await Promise.all(nodes.map((node) => awaitHealthy(node)));
  await world.bed.kubectl(['label', 'node', ...names, `${LABEL}=yes`, '--overwrite']);
  const recorder = await recordRollout(world.bed.kubeconfig);
  await recorder.until('earlier approvals to be revoked', noneApproved(names), TIMEOUT_MS);
  return {
    world,
    nodes,
    recorder,
    setList: async (list, pace = {}) => {
      const from = Date.now();
      const own = { name: 'fleet', nodeSelector: { [LABEL]: 'yes' }, allowedUnsafeSysctls: list };
      await setKeys(world, { ...PACE, ...pace, profiles: stringify([own]) });
      return from;
    },
    awaitDone: async (list, from) => {
      const wanted = list.toSorted().join();
      await recorder.until(
        `${names.join(', ')} to be Done with ${wanted}`,
        everyRuns(names, wanted),
        TIMEOUT_MS,
      );
      return since(recorder.moments, from);
    },
    awaitPhase: (phase, from) =>
      recorder.until(
        `the coordinator to say ${phase}`,
        (moments) => {
          const told = moments.findLast(({ kind }) => kind === 'phase');
          return told !== undefined && isPhase(told, phase) && told.at >= from;
        },
        TIMEOUT_MS,
      ),
    [Symbol.asyncDispose]: async () => {
      recorder.stop();
      await clearPolicy(world);
      await world.bed.kubectl(['label', 'node', ...names, `${LABEL}-`]);
    },
  };
}

/** What the coordinator said, in order, each once in a row. */
export function phasesIn(moments: readonly Moment[]): readonly Phase[] {
  return moments.flatMap((moment) => (moment.kind === 'phase' ? [moment.phase] : []));
}

/** When each node was first seen with an approval of what it wanted then, in order. */
export function approvalsIn(moments: readonly Moment[], revision: string): readonly NodeMoment[] {
  const seen = new Map<string, NodeMoment>();
  for (const moment of moments) {
    if (moment.kind !== 'node' || moment.approvedRevision !== revision || seen.has(moment.node)) continue;
    seen.set(moment.node, moment);
  }
  return [...seen.values()];
}

/** What the node showed last. */
export function lastOf(moments: readonly Moment[], name: string): NodeMoment {
  const last = latest(moments, name);
  if (last === undefined) throw new Error(`Expected ${name} to be in the recording, it is not.`);
  return last;
}

function latest(moments: readonly Moment[], name: string): NodeMoment | undefined {
  return moments.findLast((moment): moment is NodeMoment => moment.kind === 'node' && moment.node === name);
}

/** An hour of every day that is far from now, as the policy's key `windows` has it. */
export function closedWindow(): string {
  const hours = [10, 11].map((ahead) => new Date(Date.now() + ahead * HOUR_MS).toISOString().slice(11, 16));
  return `Mon-Sun ${hours.join('-')} UTC`;
}

function isPhase(moment: Moment, phase: Phase): boolean {
  return moment.kind === 'phase' && moment.phase === phase;
}

/** With an old approval a node could be first in line. */
function noneApproved(names: readonly string[]): (moments: readonly Moment[]) => boolean {
  return (moments) =>
    names.every((name) => {
      const last = latest(moments, name);
      return last !== undefined && last.approvedRevision === undefined;
    });
}

function everyRuns(names: readonly string[], wanted: string): (moments: readonly Moment[]) => boolean {
  return (moments) =>
    names.every((name) => {
      const { state, running, desired, desiredRevision, appliedRevision } = lastOf(moments, name);
      const runs = [running, desired].every((list) => list?.split(',').toSorted().join() === wanted);
      return state === 'Done' && runs && desiredRevision === appliedRevision;
    });
}
