// Flags that kubelets once had: a kubelet that no longer knows one of its flags does not start.

import { isAtLeast, type Version } from '../../sysctl/version.ts';

/** By the minor version of Kubernetes 1 that no longer has them (its CHANGELOG, Deprecation and Removal). */
const REMOVED_IN: readonly (readonly [number, string])[] = [
  [
    24,
    'network-plugin network-plugin-mtu cni-bin-dir cni-cache-dir cni-conf-dir docker-endpoint image-pull-progress-deadline ' +
      'experimental-dockershim-root-directory dynamic-config-dir',
  ],
  [
    26,
    'add-dir-header alsologtostderr log-backtrace-at log-dir log-file log-file-max-size logtostderr one-output ' +
      'skip-headers skip-log-headers stderrthreshold',
  ],
  [27, 'container-runtime'],
  [31, 'keep-terminated-pod-volumes'],
  [35, 'pod-infra-container-image'],
];

/** Returns the flags that this kubelet no longer knows, as pflag normalises them. */
export function removedFlags(kubelet: Version): ReadonlySet<string> {
  return new Set(
    REMOVED_IN.filter(([minor]) => isAtLeast(kubelet, 1, minor)).flatMap(([, names]) => names.split(' ')),
  );
}
