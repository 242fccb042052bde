// A node of the simulated cluster: what its kubelet and its agent would show.

import { COORDINATOR, INPUT_KEYS, KEYS, type State } from '../../agent/names.ts';
import { type Desired, desiredFor } from '../../agent/policy/desired.ts';
import type { Policy } from '../../agent/policy/policy.ts';
import { historyAnnotation } from '../../agent/report/history.ts';
import type { PastChange } from '../../agent/report/past-change.ts';

export interface SimulatedNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  version: number;
  running: readonly string[];
  /** What its agent reported last: a node that is Done and only waits for its turn reports nothing. */
  desired: Pick<Desired, 'allowances' | 'revision'>;
  applied: string;
  state: State;
  reason: string;
  failed: string | undefined;
  changedAt: Date;
  /** When its change began. */
  workingAt: number | undefined;
  approved: { readonly revision: string; readonly at: Date } | undefined;
  /** What people write, by annotation. */
  readonly input: Record<string, string>;
  readonly history: PastChange[];
  notReadySince: Date | undefined;
}

const VERSIONS = {
  kubelet: { major: 1, minor: 37, patch: 2 },
  kernel: { major: 6, minor: 1, patch: 0 },
} as const;
const ZONES = ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'];
const POOLS = ['general', 'general', 'general', 'database', 'edge'];
const YEAR = new Date('2026-01-01T00:00:00Z');

/** Returns a node that has the policy's list. */
export function simulatedNode(index: number, policy: Policy): SimulatedNode {
  const labels = {
    'kubernetes.io/os': 'linux',
    'topology.kubernetes.io/zone': ZONES[index % ZONES.length] ?? '',
    pool: POOLS[index % POOLS.length] ?? '',
  };
  const { allowances, revision } = desiredFor(policy, { labels, ...VERSIONS });
  return {
    name: `node-${index + 1}`,
    labels,
    version: 1,
    running: allowances,
    desired: { allowances, revision },
    applied: revision,
    state: 'Done',
    reason: '',
    failed: undefined,
    changedAt: YEAR,
    workingAt: undefined,
    approved: undefined,
    input: {},
    history: [],
    notReadySince: undefined,
  };
}

/** Returns what the policy wants on it. */
export function desiredOn({ labels }: SimulatedNode, policy: Policy): Desired {
  return desiredFor(policy, { labels, ...VERSIONS });
}

/** Returns the Node as the API server shows it. */
export function nodeObject(node: SimulatedNode): object {
  const { name, labels, version, state, desired, approved, notReadySince } = node;
  const history = historyAnnotation(node.history);
  const approval = approved === undefined ? {} : { [INPUT_KEYS.approvedRevision]: approved.revision };
  return {
    metadata: {
      name,
      uid: `uid-${name}`,
      resourceVersion: String(version),
      labels: { ...labels, [KEYS.state]: state },
      annotations: {
        ...node.input,
        ...approval,
        [KEYS.state]: state,
        [KEYS.reason]: node.reason,
        [KEYS.desired]: desired.allowances.join(),
        [KEYS.running]: node.running.join(),
        [KEYS.desiredRevision]: desired.revision,
        [KEYS.appliedRevision]: node.applied,
        [KEYS.lastChange]: node.changedAt.toISOString(),
        ...(node.failed !== undefined && { [KEYS.failedRevision]: node.failed }),
        ...(history !== undefined && { [KEYS.history]: history }),
      },
      managedFields: approved === undefined ? [] : [approvalField(approved.at)],
    },
    spec: {},
    status: {
      nodeInfo: { kubeletVersion: 'v1.37.2', kernelVersion: '6.1.0-28-amd64' },
      conditions: [
        {
          type: 'Ready',
          status: notReadySince === undefined ? 'True' : 'Unknown',
          lastTransitionTime: (notReadySince ?? YEAR).toISOString(),
        },
      ],
    },
  };
}

function approvalField(at: Date): object {
  return {
    manager: COORDINATOR,
    time: at.toISOString(),
    fieldsV1: { 'f:metadata': { 'f:annotations': { [`f:${INPUT_KEYS.approvedRevision}`]: {} } } },
  };
}
