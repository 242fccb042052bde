// Every metric of the coordinator, once: its type, its labels and its help. docs/reference/metrics.md is checked against this file.

export interface Family {
  readonly type: 'gauge' | 'counter' | 'histogram';
  readonly labels: readonly string[];
  readonly help: string;
}

/** Gauges of the whole fleet: the leader alone has them, once it has decided. */
export const FLEET_GAUGES = {
  kubelet_sysctls_policy_valid: gauge('1 while the ConfigMap is a valid policy, else 0.'),
  kubelet_sysctls_policy_info: gauge(
    "1; the labels hold a hash of the policy's lists and its mode. Absent while the policy is not valid.",
    'revision',
    'mode',
  ),
  kubelet_sysctls_policy_paused: gauge('1 while the policy is paused, else 0. Absent while it is not valid.'),
  kubelet_sysctls_rollout_phase: gauge('1 for the phase of the rollout, 0 for the other phases.', 'phase'),
  kubelet_sysctls_rollout_nodes: gauge('Number of Nodes by their standing in the rollout.', 'standing'),
  kubelet_sysctls_nodes: gauge('Number of Nodes by the state that their agent reported last.', 'state'),
  kubelet_sysctls_rollout_unavailable_nodes: gauge('Number of Nodes that take a place of maxUnavailable.'),
  kubelet_sysctls_rollout_max_unavailable_nodes: gauge('Number of Nodes that may be unavailable at once.'),
  kubelet_sysctls_rollout_next_approval_timestamp_seconds: gauge(
    'No waiting Node is approved before this time unless a Node or the ConfigMap changes. Absent while no Node waits or no such time is known.',
  ),
  kubelet_sysctls_node_state: gauge(
    '1; the state that the agent reported last. Absent for a Node that is Done.',
    'node',
    'state',
  ),
  kubelet_sysctls_node_drift: gauge(
    '1; a kind of drift on the Node: missing, unmanaged or pending restart.',
    'node',
    'kind',
  ),
  kubelet_sysctls_node_last_change_timestamp_seconds: gauge(
    'When the last change was committed on the Node.',
    'node',
  ),
  kubelet_sysctls_node_agent_silent: gauge(
    '1; the agent has not reported on the current policy, or did not begin its approved change, although the Node is Ready.',
    'node',
  ),
  kubelet_sysctls_node_startup_taint: gauge('1; the Node has the start-up taint.', 'node'),
  kubelet_sysctls_node_rollback_incomplete: gauge(
    '1; a change failed on the Node and its rollback is not complete: a person must repair the kubelet.',
    'node',
  ),
} as const satisfies Record<string, Family>;

export type FleetGauge = keyof typeof FLEET_GAUGES;

/** Counters and the histogram: every replica has them, each for what it saw itself since its process began. */
export const COUNTERS = {
  kubelet_sysctls_approvals_total: counter('Number of approvals that this coordinator saw on Nodes.'),
  kubelet_sysctls_approvals_withdrawn_total: counter(
    'Number of approvals that were withdrawn, by reason: revoked, unanswered, unfinished or unread.',
    'reason',
  ),
  kubelet_sysctls_changes_total: counter(
    'Number of changes that ended, by result: done or failed. Further failures of one revision on a Node are not counted.',
    'result',
  ),
  kubelet_sysctls_halts_total: counter('Number of times that the rollout halted.'),
  kubelet_sysctls_api_requests_total: counter(
    'Number of requests to the API server, by verb and status code; error: no answer.',
    'verb',
    'code',
  ),
} as const satisfies Record<string, Family>;

export const CHANGE_DURATION = {
  kubelet_sysctls_change_duration_seconds: {
    type: 'histogram',
    labels: [],
    help: 'Time from an approval to the end of its change, without failed changes.',
  },
} as const satisfies Record<string, Family>;

/** Upper bounds of the histogram's buckets, in seconds. */
export const CHANGE_DURATION_BUCKETS = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200];

/** Gauges and one counter of this process. */
export const PROCESS = {
  kubelet_sysctls_build_info: gauge('1; the label holds the version.', 'version'),
  kubelet_sysctls_coordinator_leader: gauge('1 while this replica leads, else 0.'),
  process_start_time_seconds: gauge('When this process began.'),
  process_resident_memory_bytes: gauge('Resident memory of this process.'),
  process_cpu_seconds_total: counter('User and system CPU time of this process.'),
  nodejs_heap_size_used_bytes: gauge('Used heap of V8.'),
  nodejs_heap_size_total_bytes: gauge('Reserved heap of V8.'),
} as const satisfies Record<string, Family>;

export const FAMILIES: Readonly<Record<string, Family>> = {
  ...PROCESS,
  ...FLEET_GAUGES,
  ...COUNTERS,
  ...CHANGE_DURATION,
};

function gauge(help: string, ...labels: readonly string[]): Family {
  return { type: 'gauge', labels, help };
}

function counter(help: string, ...labels: readonly string[]): Family {
  return { type: 'counter', labels, help };
}
