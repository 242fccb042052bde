// Every name that others see: annotations, labels, states, Event reasons, objects and folders.

/** The prefix of all our annotation and label keys. It is not a DNS domain, so it claims none. */
export const KEY_PREFIX = 'kubelet-sysctl-agent/';

/** What the agent reports on its Node, one annotation each; `state` is also a label. */
export const KEYS = {
  state: `${KEY_PREFIX}state`,
  /** One sentence for people: the cause of the state and the next step. */
  reason: `${KEY_PREFIX}reason`,
  /** A word for programs where a state has a cause that needs a person at once (ROLLBACK_INCOMPLETE); absent otherwise. */
  reasonCode: `${KEY_PREFIX}reason-code`,
  /** The allowances that the policy wants on this node, comma-separated. */
  desired: `${KEY_PREFIX}desired`,
  /** The labels of the profiles that count here, also while a label has been missing for less than a minute. */
  profiles: `${KEY_PREFIX}profiles`,
  /** The allowances that the running kubelet was started with, comma-separated. */
  running: `${KEY_PREFIX}running`,
  /** Differences among desired, configured and running; absent without drift. */
  drift: `${KEY_PREFIX}drift`,
  /** Why the ConfigMap is not a valid policy; absent while it is valid. */
  policyError: `${KEY_PREFIX}policy-error`,
  desiredRevision: `${KEY_PREFIX}desired-revision`,
  appliedRevision: `${KEY_PREFIX}applied-revision`,
  /** The revision whose change failed on this node; removed after a success or when another revision is desired. */
  failedRevision: `${KEY_PREFIX}failed-revision`,
  /** When the last change was committed on this node, in RFC 3339. */
  lastChange: `${KEY_PREFIX}last-change`,
  /** The last five finished changes of this node as JSON, oldest first (history.ts); absent before the first one. */
  history: `${KEY_PREFIX}history`,
  /** The version of the agent that reported last. */
  version: `${KEY_PREFIX}version`,
} as const;

/**
 * A label with this prefix and a sysctl's name, with the value "true", for names that the node's running kubelet lets pods set
 * (policy/labelled.ts). Pods that need the sysctl select it.
 */
export const ALLOWS_PREFIX = `${KEY_PREFIX}allows.`;

/**
 * A person's label: with the value "true" the host's own service manages the node's kubelet. The DaemonSet runs no pod there, and
 * nothing that an agent reported earlier counts.
 */
export const HOST_SERVICE_LABEL = `${KEY_PREFIX}host-service`;

/** Annotations that the agent reads and others write. */
export const INPUT_KEYS = {
  /** The revision that the coordinator approved for this node. */
  approvedRevision: `${KEY_PREFIX}approved-revision`,
  /** "true": a person paused this node. */
  paused: `${KEY_PREFIX}paused`,
  /** A person requests a retry of the failed change; the agent removes the annotation. */
  retry: `${KEY_PREFIX}retry`,
} as const;

/**
 * Values that the coordinator writes as `approvedRevision` in place of a revision. They carry its state from one decision
 * to the next, since it keeps none itself. No agent wants such a revision.
 */
export const APPROVAL_MARKERS = {
  /** The approved change did not begin in time, and the approval was revoked. The node can be approved again after an hour. */
  unanswered: 'unanswered',
  /** A change to an older revision failed or became stale by an edit. The node is first in order for the next revision. */
  unfinished: 'unfinished',
  /** Approved on a prediction; the change did not begin in time. Not approved again before the agent reports. */
  unread: 'unread',
} as const;

const ALL_MARKS: ReadonlySet<string> = new Set(Object.values(APPROVAL_MARKERS));

/** Returns false for undefined and for an approval marker. */
export function isRevision(approved: string | undefined): approved is string {
  return approved !== undefined && !ALL_MARKS.has(approved);
}

/** The start-up taint: it keeps pods off a new node until its first change is done. */
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

/** A node's state. docs/reference/node.md describes each and the next step. */
export type State = (typeof STATES)[number];

/** RollbackIncomplete: a change failed, and it could not be taken out, or the kubelet is not healthy without it either. */
export const ROLLBACK_INCOMPLETE = 'RollbackIncomplete';

/** Reasons of the Events: the agents' first, then the coordinator's. */
export type EventReason =
  | 'ConfigDriftDetected'
  | 'NodeDone'
  | 'NodeBlocked'
  | 'NodeDegraded'
  | 'NodeUnreconcilable'
  | 'PolicyInvalid'
  | 'SysctlNotAllowed'
  | 'RolloutStarted'
  | 'CanaryPassed'
  | 'RolloutHalted'
  | 'RolloutResumed'
  | 'RolloutDone';

/** The kubelet's reason for a pod with a sysctl that its list does not allow (kubernetes pkg/kubelet/sysctl/allowlist.go). */
export const FORBIDDEN = 'SysctlForbidden';

/** The agent's folder on the host. */
export const STATE_DIR = '/var/lib/kubelet-sysctl-agent';

/** Name of the rollback timer's units and of the boot unit. */
export const UNDO_UNIT = 'kubelet-sysctl-agent-undo';

export const NAMESPACE = 'kubelet-sysctl-agent';

export const CONFIG_MAP = 'kubelet-sysctls';

export const LEASE = 'kubelet-sysctls-coordinator';

export const AGENTS = 'app.kubernetes.io/name=kubelet-sysctl-agent';

export const STATUS_NAME = 'kubelet-sysctls-status';

/** The ConfigMap of the lists, which the coordinator keeps for the admission policies of pods (rollout/lists). */
export const LISTS_NAME = 'kubelet-sysctls-lists';

export const COMPONENT = 'kubelet-sysctl-agent';

/** The field manager of approvals (managedFields). */
export const COORDINATOR = 'kubelet-sysctl-coordinator';
