// Which sysctls Pod Security refuses in a namespace, whatever any kubelet allows. Mirrors CheckSysctls in k8s.io/pod-security-admission
// policy/check_sysctls.go, up to 1.37. Pure.

import { isSafe } from '../../../sysctl/safe.ts';
import { parseVersion, type Version } from '../../../sysctl/version.ts';

export const ENFORCE = 'pod-security.kubernetes.io/enforce';
const ENFORCE_VERSION = 'pod-security.kubernetes.io/enforce-version';

/** Names of which safe.ts does not keep the version, since every kubelet that it knows has them as safe: the minor of Pod Security. */
const SINCE: ReadonlyMap<string, number> = new Map([
  ['net.ipv4.ip_local_reserved_ports', 27],
  ['net.ipv4.tcp_keepalive_time', 29],
  ['net.ipv4.tcp_keepalive_intvl', 29],
  ['net.ipv4.tcp_keepalive_probes', 29],
  ['net.ipv4.tcp_fin_timeout', 29],
]);

export interface PodSecurityRefusal {
  readonly level: string;
  /** As the pod spells them: Pod Security does not know the spelling with slashes. */
  readonly sysctls: readonly string[];
}

/** Returns what the namespace's label makes the API server refuse; undefined for nothing. `latest` is the API server's version. */
export function podSecurityRefusal(
  sysctls: readonly string[],
  labels: Readonly<Record<string, string>>,
  latest: Version,
): PodSecurityRefusal | undefined {
  const { [ENFORCE]: level = 'privileged', [ENFORCE_VERSION]: named = 'latest' } = labels;
  if (level !== 'baseline' && level !== 'restricted') return undefined;
  const version = parseVersion(named) ?? latest;
  const refused = sysctls.filter((name) => !isAllowed(name, version));
  return refused.length === 0 ? undefined : { level, sysctls: refused };
}

function isAllowed(name: string, version: Version): boolean {
  return !name.includes('/') && isSafe(name, version, undefined) && version.minor >= (SINCE.get(name) ?? 0);
}
