// What the dashboard shows, as plain data: its rows, their panels and the queries of each.

export interface Query {
  /** PromQL. */
  readonly expr: string;
  /** The name of a series, from its labels; not for tables. */
  readonly legend: string;
}

export interface Panel {
  readonly type: 'stat' | 'timeseries' | 'state-timeline' | 'table';
  readonly title: string;
  readonly description: string;
  /** Grafana's id of a unit. */
  readonly unit: string;
  /** Of 24 columns. */
  readonly width: number;
  readonly queries: readonly Query[];
  /** stat: show the name of the series instead of its value. */
  readonly showsName?: boolean;
  /** timeseries: areas on top of each other. */
  readonly stacked?: boolean;
  /** Words and colours in place of values. */
  readonly words?: Readonly<Record<string, { readonly text: string; readonly color: string }>>;
}

export interface Row {
  readonly title: string;
  /** Rows of the grid, for each of its panels. */
  readonly height: number;
  readonly panels: readonly Panel[];
}

const YES_NO = { 0: { text: 'no', color: 'red' }, 1: { text: 'yes', color: 'green' } };
const OURS = 'and on (job, instance) kubelet_sysctls_build_info';

export const ROWS: readonly Row[] = [
  {
    title: 'Rollout now',
    height: 4,
    panels: [
      {
        type: 'stat',
        title: 'Phase',
        description:
          'The phase of the rollout. Halted: too many Nodes failed, and no further Node is changed.',
        unit: 'none',
        width: 4,
        queries: [{ expr: 'max by (phase) (kubelet_sysctls_rollout_phase) == 1', legend: '{{phase}}' }],
        showsName: true,
      },
      {
        type: 'stat',
        title: 'Nodes done',
        description: 'The share of Nodes that have the list of the policy.',
        unit: 'percentunit',
        width: 4,
        queries: [
          {
            expr: 'max(kubelet_sysctls_rollout_nodes{standing="done"}) / sum(max by (standing) (kubelet_sysctls_rollout_nodes))',
            legend: 'done',
          },
        ],
      },
      {
        type: 'stat',
        title: 'Policy valid',
        description:
          'Whether the ConfigMap is a valid policy. While it is not, the last valid one stays in force.',
        unit: 'none',
        width: 4,
        queries: [{ expr: 'max(kubelet_sysctls_policy_valid)', legend: 'valid' }],
        words: YES_NO,
      },
      {
        type: 'stat',
        title: 'Policy',
        description: "A hash of the policy's lists, and its mode.",
        unit: 'none',
        width: 4,
        queries: [
          { expr: 'max by (revision, mode) (kubelet_sysctls_policy_info)', legend: '{{revision}} {{mode}}' },
        ],
        showsName: true,
      },
      {
        type: 'stat',
        title: 'Next approval',
        description: 'No waiting Node is approved before this time unless a Node or the ConfigMap changes.',
        unit: 'dateTimeFromNow',
        width: 4,
        queries: [
          {
            expr: 'max(kubelet_sysctls_rollout_next_approval_timestamp_seconds) * 1000',
            legend: 'next approval',
          },
        ],
      },
      {
        type: 'stat',
        title: 'Leader',
        description: 'The replica of the coordinator that leads, with its version.',
        unit: 'none',
        width: 4,
        queries: [
          {
            expr: '(max by (instance, pod) (kubelet_sysctls_coordinator_leader) == 1) * on (instance, pod) group_left (version) max by (instance, pod, version) (kubelet_sysctls_build_info)',
            legend: '{{pod}} {{instance}} {{version}}',
          },
        ],
        showsName: true,
      },
    ],
  },
  {
    title: 'Rollout over time',
    height: 9,
    panels: [
      {
        type: 'state-timeline',
        title: 'Phases',
        description: 'When the rollout was in which phase.',
        unit: 'none',
        width: 8,
        queries: [{ expr: 'max by (phase) (kubelet_sysctls_rollout_phase)', legend: '{{phase}}' }],
        words: { 0: { text: ' ', color: 'transparent' }, 1: { text: 'now', color: 'blue' } },
      },
      {
        type: 'timeseries',
        title: 'Nodes by state',
        description: 'The state that the agent of each Node reported last.',
        unit: 'short',
        width: 8,
        queries: [{ expr: 'max by (state) (kubelet_sysctls_nodes)', legend: '{{state}}' }],
        stacked: true,
      },
      {
        type: 'timeseries',
        title: 'Unavailable Nodes',
        description: 'Nodes that take a place of maxUnavailable, and how many may.',
        unit: 'short',
        width: 8,
        queries: [
          { expr: 'max(kubelet_sysctls_rollout_unavailable_nodes)', legend: 'unavailable' },
          { expr: 'max(kubelet_sysctls_rollout_max_unavailable_nodes)', legend: 'maxUnavailable' },
        ],
      },
    ],
  },
  {
    title: 'Nodes that need attention',
    height: 9,
    panels: [
      {
        type: 'table',
        title: 'Nodes that need attention',
        description:
          'Nodes with a problem, one line each and problem; kubectl sysctls status NODE has its cause and fix.',
        unit: 'none',
        width: 24,
        queries: [{ expr: attention(), legend: '' }],
      },
    ],
  },
  {
    title: 'Changes and the coordinator',
    height: 8,
    panels: [
      {
        type: 'timeseries',
        title: 'Time of a change',
        description: 'From the approval of a change to its end, over the last hour.',
        unit: 's',
        width: 6,
        queries: [0.5, 0.95].map((quantile) => ({
          expr: `histogram_quantile(${quantile}, sum by (le) (rate(kubelet_sysctls_change_duration_seconds_bucket[1h])))`,
          legend: `p${quantile * 100}`,
        })),
      },
      {
        type: 'timeseries',
        title: 'Changes and approvals in an hour',
        description: 'Changes that ended, by result, approvals that were given or withdrawn, and halts.',
        unit: 'short',
        width: 6,
        queries: [
          {
            expr: 'sum by (result) (increase(kubelet_sysctls_changes_total[1h]))',
            legend: 'changes {{result}}',
          },
          { expr: 'sum(increase(kubelet_sysctls_approvals_total[1h]))', legend: 'approvals' },
          { expr: 'sum(increase(kubelet_sysctls_approvals_withdrawn_total[1h]))', legend: 'withdrawn' },
          { expr: 'sum(increase(kubelet_sysctls_halts_total[1h]))', legend: 'halts' },
        ],
      },
      {
        type: 'timeseries',
        title: 'Requests to the API server',
        description: 'Requests of the coordinator in a second, by verb and status code.',
        unit: 'reqps',
        width: 6,
        queries: [
          {
            expr: 'sum by (verb, code) (rate(kubelet_sysctls_api_requests_total[5m]))',
            legend: '{{verb}} {{code}}',
          },
        ],
      },
      {
        type: 'timeseries',
        title: 'Memory of the coordinator',
        description: 'Resident memory of each replica.',
        unit: 'bytes',
        width: 6,
        queries: [{ expr: `process_resident_memory_bytes ${OURS}`, legend: '{{pod}} {{instance}}' }],
      },
    ],
  },
];

/** One series a Node and problem, with the labels `node` and `problem`. */
function attention(): string {
  const problems = [
    `label_replace(kubelet_sysctls_node_state{state=~"Blocked|Degraded|Unreconcilable"}, "problem", "$1", "state", "(.*)")`,
    `label_replace(kubelet_sysctls_node_drift, "problem", "drift: $1", "kind", "(.*)")`,
    `label_replace(kubelet_sysctls_node_rollback_incomplete, "problem", "rollback incomplete", "", "")`,
    `label_replace(kubelet_sysctls_node_agent_silent, "problem", "agent silent", "", "")`,
    `label_replace(kubelet_sysctls_node_startup_taint, "problem", "start-up taint", "", "")`,
  ];
  return problems.map((problem) => `max by (node, problem) (${problem})`).join('\nor ');
}
