// docs/reference/rbac.md, made of the permissions that the tests check on a real API server.

import { PERMISSIONS, type Permission } from './permissions.ts';

const HEAD = `# Who may use the plugin

<!-- Made by scripts/reference.ts of scripts/reference/permissions.ts: do not edit. -->

\`daemonset/\` has three ClusterRoles for people. Nothing binds them.

| ClusterRole | Allows | Bind it with |
| --- | --- | --- |
| \`kubelet-sysctl-viewer\` | all commands that read | a ClusterRoleBinding |
| \`kubelet-sysctl-operator\` | these, and \`pause\`, \`resume\`, \`retry\` | a ClusterRoleBinding |
| \`kubelet-sysctl-report\` | with the viewer: the logs and Events in \`report\` | a RoleBinding in the namespace of the agents, and one in \`default\` for the Events about Nodes |

<!-- not run: jane is a person of yours; test/e2e/api/plugin-rbac.test.ts binds accounts of its own -->
\`\`\`sh
kubectl create clusterrolebinding jane-sysctls --clusterrole=kubelet-sysctl-operator --user=jane
kubectl -n kubelet-sysctl-agent create rolebinding jane-report --clusterrole=kubelet-sysctl-report --user=jane
kubectl sysctls status --as jane
\`\`\`

The viewer may list the pods of all namespaces, since \`plan\` reads which pods would block a restart; without that rule
\`plan\` says so and shows the rest. The operator may patch Nodes, which RBAC cannot restrict to our annotations. A
ClusterRoleBinding of \`kubelet-sysctl-report\` would open the logs of all pods.

## What each command needs

Without a permission that it needs, a command ends with exit code 1 and names the verb, the resource and the namespace.
Without another one it shows the rest, and names it as well; the last column says what is missing then.
A test removes each permission on a real API server (test/e2e/api/plugin-rbac.test.ts).
`;

const TAIL = `
\`pause\`, \`resume\` and \`retry\` take NODE and \`-l\` alike: each node needs \`patch nodes\`, a selector also \`list nodes\`,
\`retry NODE\` also \`get nodes\`. \`why\` reads the kind that it is asked about; \`why SYSCTL\` needs no workload and no namespace.
\`status --watch\`, \`dashboard\` and \`wait\` also show, where they may, what \`status\` reads of DaemonSets and Leases. In the page of
\`dashboard\`, a plan, a node's details and the buttons need what \`plan\`, \`history NODE\`, \`pause\`, \`resume\` and \`retry NODE\` need;
to begin a plan with the policy in force it gets \`configmaps\` \`kubelet-sysctls\`.
`;

/** Returns the page. */
export function rbacPage(): string {
  const rows = PERMISSIONS.flatMap(({ command, roles, permissions }) =>
    permissions.map((permission, at) => {
      const role = at === 0 ? roles.map((name) => `\`${name}\``).join(' + ') : '';
      return `| ${at === 0 ? `\`${command}\`` : ''} | ${permission.verb} | ${resourceText(permission)} | ${role} | ${withoutText(permission)} |`;
    }),
  );
  const table = [
    '| Command | Verb | Resource | ClusterRole | Without it |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ];
  return `${HEAD}\n${table.join('\n')}\n${TAIL}`;
}

function resourceText({ resource, group, name, namespace }: Permission): string {
  const what = `\`${resource}${group === '' ? '' : `.${group}`}\``;
  const where =
    namespace &&
    { agents: "in the agents' namespace", default: 'in `default`', subject: "in the workload's namespace" }[
      namespace
    ];
  return [what, name && `\`${name}\``, where].filter(Boolean).join(' ');
}

function withoutText({ without, lacks }: Permission): string {
  return without === 'needed' ? 'it fails' : `${lacks}`;
}
