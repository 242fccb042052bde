// What each command of the plugin asks of the API server: docs/reference/rbac.md is made of it, and an e2e test checks it on a real one.

/** `needed`: without it the command fails and names it. `partial`: it shows the rest, and names it. `silent`: it shows the rest. */
export type Without = 'needed' | 'partial' | 'silent';

export interface Permission {
  readonly verb: 'get' | 'list' | 'watch' | 'patch';
  /** As RBAC writes it: `pods/log`. */
  readonly resource: string;
  /** The API group; empty: the core's. */
  readonly group: string;
  /** Only objects of this name. */
  readonly name?: string;
  /** Where; undefined: the whole cluster. */
  readonly namespace?: 'agents' | 'default' | 'subject';
  readonly without: Without;
  /** What is missing then. */
  readonly lacks?: string;
}

/** The ClusterRole that has all permissions of the command. */
export type RoleName = 'kubelet-sysctl-viewer' | 'kubelet-sysctl-operator' | 'kubelet-sysctl-report';

export interface CommandPermissions {
  /** As it is typed after `kubectl sysctls`. */
  readonly command: string;
  readonly roles: readonly RoleName[];
  readonly permissions: readonly Permission[];
}

const POLICY = { resource: 'configmaps', group: '', name: 'kubelet-sysctls', namespace: 'agents' } as const;
const LEASE = {
  resource: 'leases',
  group: 'coordination.k8s.io',
  name: 'kubelet-sysctls-coordinator',
  namespace: 'agents',
} as const;
const NODES = { resource: 'nodes', group: '' } as const;

const AGENTS: Permission = {
  verb: 'list',
  resource: 'daemonsets',
  group: 'apps',
  namespace: 'agents',
  without: 'partial',
  lacks: 'whether the agents wait for approvals',
};
const LEADER: Permission = { ...LEASE, verb: 'get', without: 'partial', lacks: 'which coordinator leads' };
const ALL_NODES: Permission = { ...NODES, verb: 'list', without: 'needed' };

const STATUS: readonly Permission[] = [
  { ...ALL_NODES, without: 'partial', lacks: 'the nodes, and the phase; exit code 1' },
  { ...POLICY, verb: 'get', without: 'partial', lacks: 'the policy, and the phase; exit code 1' },
  AGENTS,
  LEADER,
];

const FOLLOWING: readonly Permission[] = [
  ALL_NODES,
  { ...NODES, verb: 'watch', without: 'needed' },
  { ...POLICY, verb: 'list', without: 'needed' },
  { ...POLICY, verb: 'watch', without: 'needed' },
];

const VIEWER = ['kubelet-sysctl-viewer'] as const;
const OPERATOR = ['kubelet-sysctl-operator'] as const;

export const PERMISSIONS: readonly CommandPermissions[] = [
  { command: 'status', roles: VIEWER, permissions: STATUS },
  { command: 'status --watch', roles: VIEWER, permissions: FOLLOWING },
  { command: 'dashboard', roles: VIEWER, permissions: FOLLOWING },
  { command: 'wait', roles: VIEWER, permissions: FOLLOWING },
  {
    command: 'plan',
    roles: VIEWER,
    permissions: [
      ALL_NODES,
      {
        resource: 'pods',
        group: '',
        verb: 'list',
        without: 'partial',
        lacks: 'the pods that would block a node',
      },
      AGENTS,
      LEADER,
    ],
  },
  { command: 'history NODE', roles: VIEWER, permissions: [{ ...NODES, verb: 'get', without: 'needed' }] },
  {
    command: 'why KIND/NAME',
    roles: VIEWER,
    permissions: [
      { resource: 'deployments', group: 'apps', namespace: 'subject', verb: 'get', without: 'needed' },
      ALL_NODES,
      { ...POLICY, verb: 'get', without: 'partial', lacks: 'by which line of the policy' },
      {
        resource: 'namespaces',
        group: '',
        verb: 'get',
        without: 'partial',
        lacks: 'whether Pod Security refuses it',
      },
    ],
  },
  {
    command: 'version',
    roles: VIEWER,
    permissions: [
      { ...ALL_NODES, without: 'partial', lacks: 'the agents' },
      {
        ...POLICY,
        name: 'kubelet-sysctls-status',
        verb: 'get',
        without: 'partial',
        lacks: 'the coordinator',
      },
    ],
  },
  {
    command: 'report',
    roles: ['kubelet-sysctl-viewer', 'kubelet-sysctl-report'],
    permissions: [
      { ...ALL_NODES, without: 'partial', lacks: 'nodes.jsonl' },
      { ...POLICY, verb: 'get', without: 'partial', lacks: 'the policy in configmaps.json' },
      {
        ...POLICY,
        name: 'kubelet-sysctls-status',
        verb: 'get',
        without: 'partial',
        lacks: 'the status in configmaps.json',
      },
      {
        resource: 'pods',
        group: '',
        namespace: 'agents',
        verb: 'list',
        without: 'partial',
        lacks: 'pods.jsonl and the logs',
      },
      {
        resource: 'pods/log',
        group: '',
        namespace: 'agents',
        verb: 'get',
        without: 'partial',
        lacks: 'the logs',
      },
      {
        resource: 'events',
        group: '',
        namespace: 'agents',
        verb: 'list',
        without: 'partial',
        lacks: 'Events about the policy',
      },
      {
        resource: 'events',
        group: '',
        namespace: 'default',
        verb: 'list',
        without: 'partial',
        lacks: 'Events about Nodes',
      },
    ],
  },
  { command: 'pause', roles: OPERATOR, permissions: [{ ...POLICY, verb: 'patch', without: 'needed' }] },
  { command: 'resume', roles: OPERATOR, permissions: [{ ...POLICY, verb: 'patch', without: 'needed' }] },
  { command: 'pause NODE', roles: OPERATOR, permissions: [{ ...NODES, verb: 'patch', without: 'needed' }] },
  {
    command: 'resume -l SELECTOR',
    roles: OPERATOR,
    permissions: [ALL_NODES, { ...NODES, verb: 'patch', without: 'needed' }],
  },
  {
    command: 'retry NODE',
    roles: OPERATOR,
    permissions: [
      { ...NODES, verb: 'get', without: 'needed' },
      { ...NODES, verb: 'patch', without: 'needed' },
    ],
  },
  {
    command: 'completion',
    roles: VIEWER,
    permissions: [{ ...ALL_NODES, without: 'silent', lacks: 'the names of nodes, when they are completed' }],
  },
];
