// RBAC objects that give a user exactly these permissions, or the ClusterRoles that daemonset/ has for people.

import { AGENT_NAMESPACE } from '../../../../scripts/kubernetes/names.ts';
import type { Permission, RoleName } from '../../../../scripts/reference/permissions.ts';

export interface Grant {
  readonly user: string;
  readonly permissions: readonly Permission[];
}

const API = 'rbac.authorization.k8s.io';
const NAMESPACES = { agents: AGENT_NAMESPACE, default: 'default', subject: 'default' } as const;

/** Returns a role and its binding for the cluster, and for each namespace that a permission names. */
export function bindingsOf({ user, permissions }: Grant): readonly object[] {
  const places = Map.groupBy(permissions, ({ namespace }) => namespace && NAMESPACES[namespace]);
  return [...places].flatMap(([namespace, its]) => {
    const kind = namespace === undefined ? 'ClusterRole' : 'Role';
    const metadata = { name: user, ...(namespace !== undefined && { namespace }) };
    const role = { apiVersion: `${API}/v1`, kind, metadata, rules: its.map(ruleOf) };
    return [role, bindingOf({ user, kind, role: user, metadata })];
  });
}

/** Returns bindings of the shipped roles as docs/reference/rbac.md has them. */
export function shippedRole(user: string, roles: readonly RoleName[]): readonly object[] {
  return roles.flatMap((role) => {
    const kind = 'ClusterRole';
    if (role !== 'kubelet-sysctl-report') return [bindingOf({ user, kind, role, metadata: { name: user } })];
    return [AGENT_NAMESPACE, 'default'].map((namespace) =>
      bindingOf({ user, kind, role, metadata: { name: `${user}-report`, namespace } }),
    );
  });
}

function ruleOf({ verb, resource, group, name }: Permission): object {
  return {
    apiGroups: [group],
    resources: [resource],
    verbs: [verb],
    ...(name !== undefined && { resourceNames: [name] }),
  };
}

function bindingOf(of: {
  readonly user: string;
  readonly kind: string;
  readonly role: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}): object {
  return {
    apiVersion: `${API}/v1`,
    kind: of.metadata.namespace === undefined ? 'ClusterRoleBinding' : 'RoleBinding',
    metadata: of.metadata,
    roleRef: { apiGroup: API, kind: of.kind, name: of.role },
    subjects: [{ apiGroup: API, kind: 'User', name: of.user }],
  };
}
