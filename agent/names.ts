// Every annotation, label, state and Event reason that the agent shows on a Node or a ConfigMap.

/** The prefix of all our annotation and label keys; it claims no one's domain. */
export const KEY_PREFIX = 'kubelet-sysctl-agent/';

/** What a node shows, one annotation each; `state` is also a label. */
export const KEYS = {
  state: `${KEY_PREFIX}state`,
  /** One sentence for a person: why the state is what it is and what to do. */
  reason: `${KEY_PREFIX}reason`,
  /** The allowances that the policy wants on this node, comma-separated. */
  desired: `${KEY_PREFIX}desired`,
  /** The allowances that the running kubelet was started with, comma-separated. */
  running: `${KEY_PREFIX}running`,
  /** Differences among desired, configured and running; absent when there are none. */
  drift: `${KEY_PREFIX}drift`,
  /** Why the ConfigMap could not be read as a policy; absent while it is valid. */
  policyError: `${KEY_PREFIX}policy-error`,
  desiredRevision: `${KEY_PREFIX}desired-revision`,
  appliedRevision: `${KEY_PREFIX}applied-revision`,
  /** The revision whose change failed here; absent once one succeeded or another is desired. */
  failedRevision: `${KEY_PREFIX}failed-revision`,
  /** Time (RFC 3339) of the last change that was committed on this node. */
  lastChange: `${KEY_PREFIX}last-change`,
  /** The last five changes that ended on this node, as JSON, oldest first; absent while there is none (history.ts). */
  history: `${KEY_PREFIX}history`,
} as const;

/** What others write on a Node for the agent to read. */
export const INPUT_KEYS = {
  /** The revision that the coordinator lets this node change to. */
  approvedRevision: `${KEY_PREFIX}approved-revision`,
  /** "true": a person wants this node left as it is. */
  paused: `${KEY_PREFIX}paused`,
  /** A person asks for a change that failed to be tried again now; the agent takes it away. */
  retry: `${KEY_PREFIX}retry`,
} as const;

/**
 * What the coordinator writes as `approvedRevision` in place of a revision, so that it knows later, although it keeps
 * no state of its own. No agent wants such a revision.
 */
export const APPROVAL_MARKERS = {
  /** An approved change did not begin for so long that another node got its turn; it is asked again after an hour. */
  unanswered: 'unanswered',
  /** A change to an older revision failed or was overtaken by an edit: first in line for the next. */
  unfinished: 'unfinished',
  /** A node was approved before its agent had said what it wants, and did not begin: it gets no other before that. */
  unread: 'unread',
} as const;

const ALL_MARKS: ReadonlySet<string> = new Set(Object.values(APPROVAL_MARKERS));

/** False for what the coordinator writes in place of a revision. */
export function isRevision(approved: string | undefined): approved is string {
  return approved !== undefined && !ALL_MARKS.has(approved);
}

/** The taint with which a new node waits for its first change. */
export const PENDING_TAINT = { key: `${KEY_PREFIX}pending`, effect: 'NoSchedule' } as const;

export const STATES = [
  'Done',
  'Pending',
  'Working',
  'Blocked',
  'Degraded',
  'Unreconcilable',
  'Observing',
] as const;

/** A node's state; README tells what each means and what to do. */
export type State = (typeof STATES)[number];

/** Reasons of the Events that the agents write, and those of the coordinator. */
export type EventReason =
  | 'ConfigDriftDetected'
  | 'NodeDone'
  | 'NodeBlocked'
  | 'NodeDegraded'
  | 'NodeUnreconcilable'
  | 'PolicyInvalid'
  | 'RolloutStarted'
  | 'CanaryPassed'
  | 'RolloutHalted'
  | 'RolloutResumed'
  | 'RolloutDone';

/** The agent's own folder on the host. */
export const STATE_DIR = '/var/lib/kubelet-sysctl-agent';

/** The transient units, and the one for the boot. */
export const UNDO_UNIT = 'kubelet-sysctl-agent-undo';

export const NAMESPACE = 'kubelet-sysctl-agent';

export const CONFIG_MAP = 'kubelet-sysctls';

export const LEASE = 'kubelet-sysctls-coordinator';

export const AGENTS = 'app.kubernetes.io/name=kubelet-sysctl-agent';

export const STATUS_NAME = 'kubelet-sysctls-status';

export const COMPONENT = 'kubelet-sysctl-agent';

/** Who writes approvals, in managedFields. */
export const COORDINATOR = 'kubelet-sysctl-coordinator';
