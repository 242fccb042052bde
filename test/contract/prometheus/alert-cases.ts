// When each alert is silent, fires and is resolved, as tests of promtool: what Prometheus scrapes, and the texts that people get.

/** A series of one sample a minute, in promtool's notation. */
export interface Series {
  readonly series: string;
  readonly values: string;
}

export interface Case {
  readonly title: string;
  readonly alert: string;
  readonly series: readonly Series[];
  /** How often the rules are evaluated; default: every minute. */
  readonly every?: '5m';
  /** Instants at which the alert does not fire. */
  readonly silent: readonly string[];
  /** Instants at which it fires, with exactly these. */
  readonly fires: readonly {
    readonly at: string;
    readonly alerts: readonly Fired[];
  }[];
}

export interface Fired {
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly description: string;
}

const REASON = 'The annotation kubelet-sysctl-agent/reason of the Node has the cause and the next step.';
const STATUS = 'kubectl sysctls status has the cause.';
/** Both replicas are scraped; the standby has none of the fleet's series. */
const LEADER = 'pod="a"';

/** The series of the leader: `on` minutes at `value`, then 40 minutes at `after`, or gone. */
function leader(
  name: string,
  labels: string,
  value: number,
  on: number,
  after: number | 'gone' = 'gone',
): Series {
  const all = [LEADER, labels].filter(Boolean).join(',');
  // Prometheus marks a series as stale when a scrape no longer has it.
  const then = after === 'gone' ? 'stale' : `${after}x40`;
  return { series: `kubelet_sysctls_${name}{${all}}`, values: `${value}x${on} ${then}` };
}

function fleetAlert(
  alert: string,
  series: readonly Series[],
  minutes: readonly [below: number, above: number, resolved: number],
  fired: Fired,
): Case {
  const [below, above, resolved] = minutes;
  return {
    title: `${alert} is silent below its time, fires after it, and is resolved`,
    alert,
    series,
    silent: [`${below}m`, `${resolved}m`],
    fires: [{ at: `${above}m`, alerts: [fired] }],
  };
}

export const CASES: readonly Case[] = [
  fleetAlert(
    'KubeletSysctlsRolloutHalted',
    [
      leader('rollout_phase', 'phase="Halted"', 1, 10, 0),
      leader('rollout_phase', 'phase="Rolling"', 0, 10, 1),
    ],
    [4, 6, 17],
    {
      labels: { severity: 'warning' },
      summary: 'The rollout of kubelet sysctls has halted.',
      description: `As many Nodes failed as failureThreshold allows, and no further Node is changed. ${STATUS}`,
    },
  ),
  fleetAlert(
    'KubeletSysctlsNodeDegraded',
    [
      leader('node_state', 'node="n1",state="Degraded"', 1, 20),
      leader('node_state', 'node="n2",state="Blocked"', 1, 20),
    ],
    [14, 16, 27],
    {
      labels: { severity: 'warning', node: 'n1' },
      summary: 'The agent cannot give a Node the sysctls of the policy.',
      description: `The Node n1 is Degraded: its change failed and was rolled back, or a file of its kubelet must be corrected. ${REASON}`,
    },
  ),
  fleetAlert(
    'KubeletSysctlsRollbackIncomplete',
    [
      leader('node_rollback_incomplete', 'node="n1"', 1, 10),
      leader('node_state', 'node="n1",state="Degraded"', 1, 10),
    ],
    [1, 3, 17],
    {
      labels: { severity: 'critical', node: 'n1' },
      summary: 'A change failed on a Node, and its rollback is not complete.',
      description: `The kubelet of n1 must be repaired by a person. ${REASON}`,
    },
  ),
  {
    title: 'KubeletSysctlsNodeBlocked is info after an hour and a warning after a day, and both are resolved',
    alert: 'KubeletSysctlsNodeBlocked',
    series: [leader('node_state', 'node="n1",state="Blocked"', 1, 1500)],
    every: '5m',
    silent: ['55m', '1515m'],
    fires: [
      { at: '65m', alerts: [blockedFor('info')] },
      { at: '1435m', alerts: [blockedFor('info')] },
      { at: '1445m', alerts: [blockedFor('info'), blockedFor('warning')] },
    ],
  },
  fleetAlert('KubeletSysctlsPolicyInvalid', [leader('policy_valid', '', 0, 10, 1)], [4, 6, 17], {
    labels: { severity: 'warning' },
    summary: 'The ConfigMap kubelet-sysctls is not a valid policy.',
    description: `The last valid policy stays in force, and no Node is changed. ${STATUS}`,
  }),
  {
    title: 'KubeletSysctlsRolloutStuck fires an hour after the last change, and is resolved by the next one',
    alert: 'KubeletSysctlsRolloutStuck',
    series: [
      leader('rollout_phase', 'phase="Rolling"', 1, 200),
      leader('rollout_nodes', 'standing="waiting"', 3, 200),
      // The last change ends at 20 min, the next at 120 min.
      { series: 'kubelet_sysctls_changes_total{pod="a",result="done"}', values: '0+1x20 20x99 21x80' },
      { series: 'kubelet_sysctls_changes_total{pod="b",result="done"}', values: '0x200' },
    ],
    silent: ['20m', '75m', '127m'],
    fires: [{ at: '82m', alerts: [stuck()] }],
  },
  {
    title:
      'KubeletSysctlsRolloutStuck is silent while a rollout waits for a window, and when only failed nodes are left',
    alert: 'KubeletSysctlsRolloutStuck',
    series: [
      leader('rollout_phase', 'phase="Rolling"', 0, 100, 1),
      leader('rollout_phase', 'phase="Waiting"', 1, 100, 0),
      leader('rollout_nodes', 'standing="waiting"', 3, 100, 0),
      leader('rollout_nodes', 'standing="failed"', 1, 140),
      { series: 'kubelet_sysctls_changes_total{pod="a",result="done"}', values: '0x200' },
    ],
    silent: ['90m', '138m'],
    fires: [],
  },
  fleetAlert(
    'KubeletSysctlsDrift',
    [
      leader('node_drift', 'node="n1",kind="missing"', 1, 40),
      leader('policy_paused', '', 0, 80),
      // These wait for their change, or have an alert of their own.
      ...['Pending', 'Working', 'Blocked', 'Degraded'].flatMap((state) => [
        leader('node_drift', `node="${state}",kind="pending restart"`, 1, 40),
        leader('node_state', `node="${state}",state="${state}"`, 1, 40),
      ]),
    ],
    [29, 31, 47],
    {
      labels: { severity: 'warning', node: 'n1', kind: 'missing' },
      summary: 'The kubelet of a Node does not run with the sysctls of the policy.',
      description:
        'The Node n1 has drift of the kind missing. Its annotation kubelet-sysctl-agent/drift has the names.',
    },
  ),
  fleetAlert(
    'KubeletSysctlsDrift',
    [
      leader('node_drift', 'node="n1",kind="unmanaged"', 1, 40),
      leader('node_drift', 'node="n2",kind="missing"', 1, 40),
      leader('policy_paused', '', 1, 80),
    ],
    [29, 31, 47],
    {
      labels: { severity: 'info', node: 'n1', kind: 'unmanaged' },
      summary: 'The kubelet of a Node allows sysctls that the policy does not name.',
      description:
        'The Node n1 has drift of the kind unmanaged. Its annotation kubelet-sysctl-agent/drift has the names, and where they are set.',
    },
  ),
  { ...paused(), every: '5m' },
  fleetAlert('KubeletSysctlsAgentSilent', [leader('node_agent_silent', 'node="n1"', 1, 20)], [14, 16, 27], {
    labels: { severity: 'warning', node: 'n1' },
    summary: 'The agent of a Node does not report.',
    description:
      'The Node n1 is Ready, but its agent has not reported on the policy or did not begin its change. Check its pod in namespace kubelet-sysctl-agent.',
  }),
  fleetAlert(
    'KubeletSysctlsStartupTaintStuck',
    [leader('node_startup_taint', 'node="n1"', 1, 20)],
    [14, 16, 27],
    {
      labels: { severity: 'warning', node: 'n1' },
      summary: 'A new Node keeps its start-up taint.',
      description: `The Node n1 has the taint kubelet-sysctl-agent/pending, so no workload runs there; a cluster autoscaler may stop. ${REASON}`,
    },
  ),
  absentCase('neither replica leads', [
    { series: 'kubelet_sysctls_coordinator_leader{pod="a"}', values: '0x20 1x40' },
    { series: 'kubelet_sysctls_coordinator_leader{pod="b"}', values: '0x60' },
  ]),
  absentCase('Prometheus scrapes no replica', [
    { series: 'kubelet_sysctls_coordinator_leader{pod="a"}', values: '_x20 1x40' },
  ]),
  {
    title: 'an alert stays while another replica begins to lead',
    alert: 'KubeletSysctlsNodeDegraded',
    series: [
      { series: 'kubelet_sysctls_node_state{pod="a",node="n1",state="Degraded"}', values: '1x20 stale' },
      { series: 'kubelet_sysctls_node_state{pod="b",node="n1",state="Degraded"}', values: '_x22 1x20' },
    ],
    silent: [],
    fires: ['20m', '22m', '30m'].map((at) => ({ at, alerts: [degraded()] })),
  },
];

function absentCase(title: string, series: readonly Series[]): Case {
  return {
    title: `KubeletSysctlsCoordinatorAbsent fires when ${title} for 15 minutes, and is resolved`,
    alert: 'KubeletSysctlsCoordinatorAbsent',
    series,
    silent: ['14m', '27m'],
    fires: [
      {
        at: '16m',
        alerts: [
          {
            labels: { severity: 'warning' },
            summary: 'No coordinator leads, or Prometheus cannot scrape it.',
            description:
              'Without a coordinator no change is approved, and the other alerts of kubelet-sysctl-agent are silent. Check the pods of the Deployment kubelet-sysctl-coordinator.',
          },
        ],
      },
    ],
  };
}

function paused(): Case {
  const series = leader('policy_paused', '', 1, 1500, 0);
  return fleetAlert('KubeletSysctlsPausedLong', [series], [1435, 1445, 1515], {
    labels: { severity: 'info' },
    summary: 'The policy for kubelet sysctls has been paused for a day.',
    description:
      'While the policy is paused, no Node is changed, new Nodes included. kubectl sysctls resume ends it.',
  });
}

function blockedFor(severity: 'info' | 'warning'): Fired {
  return severity === 'info'
    ? {
        labels: { severity, node: 'n1' },
        summary: 'A Node cannot be changed now.',
        description: `The Node n1 has been Blocked for an hour: its pods use what the change removes, or its kubelet or disk has a problem. ${REASON}`,
      }
    : {
        labels: { severity, node: 'n1' },
        summary: 'A Node has not been changed for a day.',
        description: `The Node n1 has been Blocked for a day and does not have the sysctls of the policy. ${REASON}`,
      };
}

function stuck(): Fired {
  return {
    labels: { severity: 'warning' },
    summary: 'The rollout of kubelet sysctls makes no progress.',
    description: `Nodes wait or are being changed, and no change has ended for an hour. ${STATUS}`,
  };
}

function degraded(): Fired {
  return {
    labels: { severity: 'warning', node: 'n1' },
    summary: 'The agent cannot give a Node the sysctls of the policy.',
    description: `The Node n1 is Degraded: its change failed and was rolled back, or a file of its kubelet must be corrected. ${REASON}`,
  };
}
