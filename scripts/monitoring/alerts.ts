// The alerts, once: alerts.yaml, the PrometheusRule and the tests are made from them. Each has a page docs/runbooks/<name>.md.

export interface Alert {
  readonly alert: string;
  /** PromQL. */
  readonly expr: string;
  /** How long the expression must hold, as Prometheus spells durations. */
  readonly for: string;
  /** critical: a person must act at once. warning: in working hours. info: good to know. */
  readonly severity: 'critical' | 'warning' | 'info';
  /** One static sentence. */
  readonly summary: string;
  /** What happened, to which Node, and the next step; a template of Prometheus. */
  readonly description: string;
}

/** How long an alert stays without its series: when another replica begins to lead, the series of the fleet have a gap. */
export const KEEP_FIRING_FOR = '5m';

const STATUS = 'kubectl sysctls status has the cause.';
const REASON = 'The annotation kubelet-sysctl-agent/reason of the Node has the cause and the next step.';
const PAUSED = 'max by (cluster) (kubelet_sysctls_policy_paused) == 1';
const BLOCKED = nodes('kubelet_sysctls_node_state{state="Blocked"}');

export const ALERTS: readonly Alert[] = [
  {
    alert: 'KubeletSysctlsRolloutHalted',
    expr: 'max by (cluster) (kubelet_sysctls_rollout_phase{phase="Halted"}) == 1',
    for: '5m',
    severity: 'warning',
    summary: 'The rollout of kubelet sysctls has halted.',
    description: `As many Nodes failed as failureThreshold allows, and no further Node is changed. ${STATUS}`,
  },
  {
    alert: 'KubeletSysctlsNodeDegraded',
    expr: nodes('kubelet_sysctls_node_state{state="Degraded"}'),
    for: '15m',
    severity: 'warning',
    summary: 'The agent cannot give a Node the sysctls of the policy.',
    description: `The Node {{ $labels.node }} is Degraded: its change failed and was rolled back, or a file of its kubelet must be corrected. ${REASON}`,
  },
  {
    alert: 'KubeletSysctlsRollbackIncomplete',
    expr: nodes('kubelet_sysctls_node_rollback_incomplete'),
    for: '2m',
    severity: 'critical',
    summary: 'A change failed on a Node, and its rollback is not complete.',
    description: `The kubelet of {{ $labels.node }} must be repaired by a person. ${REASON}`,
  },
  {
    alert: 'KubeletSysctlsNodeBlocked',
    expr: BLOCKED,
    for: '1h',
    severity: 'info',
    summary: 'A Node cannot be changed now.',
    description: `The Node {{ $labels.node }} has been Blocked for an hour: its pods use what the change removes, or its kubelet or disk has a problem. ${REASON}`,
  },
  {
    alert: 'KubeletSysctlsNodeBlocked',
    expr: BLOCKED,
    for: '24h',
    severity: 'warning',
    summary: 'A Node has not been changed for a day.',
    description: `The Node {{ $labels.node }} has been Blocked for a day and does not have the sysctls of the policy. ${REASON}`,
  },
  {
    alert: 'KubeletSysctlsPolicyInvalid',
    expr: 'max by (cluster) (kubelet_sysctls_policy_valid) == 0',
    for: '5m',
    severity: 'warning',
    summary: 'The ConfigMap kubelet-sysctls is not a valid policy.',
    description: `The last valid policy stays in force, and no Node is changed. ${STATUS}`,
  },
  {
    alert: 'KubeletSysctlsRolloutStuck',
    // With the 15 minutes of increase(), one hour without a change. Outside the windows the phase is Waiting.
    expr: [
      'max by (cluster) (kubelet_sysctls_rollout_phase{phase=~"Canary|Rolling"}) == 1',
      'and on (cluster) sum by (cluster) (kubelet_sysctls_rollout_nodes{standing=~"waiting|changing"}) > 0',
      'and on (cluster) sum by (cluster) (increase(kubelet_sysctls_changes_total[15m])) == 0',
    ].join('\n'),
    for: '45m',
    severity: 'warning',
    summary: 'The rollout of kubelet sysctls makes no progress.',
    description: `Nodes wait or are being changed, and no change has ended for an hour. ${STATUS}`,
  },
  {
    alert: 'KubeletSysctlsDrift',
    // A Node in these states waits for its change, or has an alert of its own.
    expr: [
      'max by (cluster, node, kind) (kubelet_sysctls_node_drift{kind=~"missing|pending restart"}) == 1',
      'unless on (cluster, node) kubelet_sysctls_node_state{state=~"Pending|Working|Blocked|Degraded"}',
      `unless on (cluster) ${PAUSED}`,
    ].join('\n'),
    for: '30m',
    severity: 'warning',
    summary: 'The kubelet of a Node does not run with the sysctls of the policy.',
    description: `The Node {{ $labels.node }} has drift of the kind {{ $labels.kind }}. Its annotation kubelet-sysctl-agent/drift has the names.`,
  },
  {
    alert: 'KubeletSysctlsDrift',
    expr: 'max by (cluster, node, kind) (kubelet_sysctls_node_drift{kind="unmanaged"}) == 1',
    for: '30m',
    severity: 'info',
    summary: 'The kubelet of a Node allows sysctls that the policy does not name.',
    description: `The Node {{ $labels.node }} has drift of the kind {{ $labels.kind }}. Its annotation kubelet-sysctl-agent/drift has the names, and where they are set.`,
  },
  {
    alert: 'KubeletSysctlsPausedLong',
    expr: PAUSED,
    for: '24h',
    severity: 'info',
    summary: 'The policy for kubelet sysctls has been paused for a day.',
    description:
      'While the policy is paused, no Node is changed, new Nodes included. kubectl sysctls resume ends it.',
  },
  {
    alert: 'KubeletSysctlsAgentSilent',
    expr: nodes('kubelet_sysctls_node_agent_silent'),
    for: '15m',
    severity: 'warning',
    summary: 'The agent of a Node does not report.',
    description:
      'The Node {{ $labels.node }} is Ready, but its agent has not reported on the policy or did not begin its change. Check its pod in namespace kubelet-sysctl-agent.',
  },
  {
    alert: 'KubeletSysctlsStartupTaintStuck',
    expr: nodes('kubelet_sysctls_node_startup_taint'),
    for: '15m',
    severity: 'warning',
    summary: 'A new Node keeps its start-up taint.',
    description: `The Node {{ $labels.node }} has the taint kubelet-sysctl-agent/pending, so no workload runs there; a cluster autoscaler may stop. ${REASON}`,
  },
  {
    alert: 'KubeletSysctlsCoordinatorAbsent',
    expr: 'absent(kubelet_sysctls_coordinator_leader == 1)',
    for: '15m',
    severity: 'warning',
    summary: 'No coordinator leads, or Prometheus cannot scrape it.',
    description:
      'Without a coordinator no change is approved, and the other alerts of kubelet-sysctl-agent are silent. Check the pods of the Deployment kubelet-sysctl-coordinator.',
  },
];

/** One alert for each Node with this gauge at 1. */
function nodes(gauge: string): string {
  return `max by (cluster, node) (${gauge}) == 1`;
}
