// The names that the tutorial uses on a cluster.

/** A namespace of the tutorial's own, made at its beginning and removed at its end. */
export const TUTORIAL_NAMESPACE = 'kubelet-sysctls-demo';

/** Where daemonset/ puts the agent, the coordinator and their policy. */
export const AGENT_NAMESPACE = 'kubelet-sysctl-agent';
export const AGENT_DAEMON_SET = 'kubelet-sysctl-agent';
export const COORDINATOR_DEPLOYMENT = 'kubelet-sysctl-coordinator';
/** Of the agents' pods: the coordinator's are in the same namespace. */
export const AGENT_PODS = `app.kubernetes.io/name=${AGENT_DAEMON_SET}`;
export const POLICY_CONFIG_MAP = 'kubelet-sysctls';
/** Where the API server has it. */
export const POLICY_PATH = `/api/v1/namespaces/${AGENT_NAMESPACE}/configmaps/${POLICY_CONFIG_MAP}`;

/** The policy's list of allowances that every node gets. */
export const LIST_KEY = 'allowedUnsafeSysctls';
/** The policy's word on whether nodes wait for the coordinator, and the one with which they do not. */
export const ROLLOUT_KEY = 'rollout';
export const AT_ONCE = 'Immediate';

/** Refused by every kubelet that was not told to allow it. */
export const UNSAFE_SYSCTL = 'net.core.somaxconn';
/** Thought to be unsafe by many, and safe since Kubernetes 1.22. */
export const SAFE_SYSCTL = 'net.ipv4.ip_unprivileged_port_start';

/** What the tutorial adds to the policy. */
export const ADDED_SYSCTLS: readonly string[] = [UNSAFE_SYSCTL, SAFE_SYSCTL];
