// The names that the tutorial uses on a cluster.

/** The tutorial's namespace, made at its start and removed at its end. */
export const TUTORIAL_NAMESPACE = 'kubelet-sysctls-demo';

/** The namespace of daemonset/, with the agent, the coordinator and their policy. */
export const AGENT_NAMESPACE = 'kubelet-sysctl-agent';
export const AGENT_DAEMON_SET = 'kubelet-sysctl-agent';
export const COORDINATOR_DEPLOYMENT = 'kubelet-sysctl-coordinator';
/** Selects the agents' pods; the coordinator's are in the same namespace. */
export const AGENT_PODS = `app.kubernetes.io/name=${AGENT_DAEMON_SET}`;
export const POLICY_CONFIG_MAP = 'kubelet-sysctls';
/** The ConfigMap's path at the API server. */
export const POLICY_PATH = `/api/v1/namespaces/${AGENT_NAMESPACE}/configmaps/${POLICY_CONFIG_MAP}`;

/** The policy's list of allowances that every node gets. */
export const LIST_KEY = 'allowedUnsafeSysctls';
/** The policy's key for the pace, and its value with which nodes do not wait for approvals. */
export const ROLLOUT_KEY = 'rollout';
export const AT_ONCE = 'Immediate';

/** Unsafe: every kubelet refuses it unless it is allowed. */
export const UNSAFE_SYSCTL = 'net.core.somaxconn';
/** Safe since Kubernetes 1.22, though often considered unsafe. */
export const SAFE_SYSCTL = 'net.ipv4.ip_unprivileged_port_start';

/** What the tutorial adds to the policy. */
export const ADDED_SYSCTLS: readonly string[] = [UNSAFE_SYSCTL, SAFE_SYSCTL];
