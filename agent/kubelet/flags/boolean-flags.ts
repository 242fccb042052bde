// The kubelet's flags that need no value, and its shorthands: Kubernetes 1.29 to 1.37 together.

/**
 * Flags with pflag's NoOptDefVal: `--flag` is complete, and the next word is not its value.
 * A contract test compares this table with the flag sets of real kubelets.
 */
export const FLAGS_WITHOUT_VALUE: ReadonlySet<string> = new Set([
  'anonymous-auth',
  'authentication-token-webhook',
  'cgroups-per-qos',
  'contention-profiling',
  'cpu-cfs-quota',
  'enable-controller-attach-detach',
  'enable-debugging-handlers',
  'enable-load-reader',
  'enable-server',
  'exit-on-lock-contention',
  'experimental-allocatable-ignore-eviction',
  'fail-cgroupv1',
  'fail-swap-on',
  'help',
  'keep-terminated-pod-volumes',
  'kernel-memcg-notification',
  'local-storage-capacity-isolation',
  'log-cadvisor-usage',
  'log-text-split-stream',
  'make-iptables-util-chains',
  'protect-kernel-defaults',
  'register-node',
  'register-schedulable',
  'rotate-certificates',
  'rotate-server-certificates',
  'runonce',
  'seccomp-default',
  'serialize-image-pulls',
  'storage-driver-secure',
  'version',
]);

/** One-letter flags and what they stand for. */
export const SHORTHANDS: ReadonlyMap<string, string> = new Map([
  ['h', 'help'],
  ['v', 'v'],
]);
