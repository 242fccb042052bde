// Which pods a restarted kubelet would refuse: it admits every pod of its node again, and ends those whose sysctl its
// list does not allow.

import { coverageOf, coveredBy } from '../sysctl/coverage.ts';
import { normaliseSysctl } from '../sysctl/normalise.ts';
import { isSafe } from '../sysctl/safe.ts';
import type { Version } from '../sysctl/version.ts';

/** A pod of one node, as far as the kubelet's admission of sysctls reads it. */
export interface SysctlPod {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  /** `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`. */
  readonly phase: string;
  /** The kubelet has taken it: its status has a startTime. */
  readonly taken: boolean;
  /** The names in its securityContext.sysctls, as they are written there. */
  readonly sysctls: readonly string[];
  readonly hostNetwork: boolean;
  readonly hostIpc: boolean;
}

/** The lists of one node's kubelet, now and after the restart. */
export interface Restart {
  /** What the kubelet that runs allows; undefined: not known. */
  readonly running: readonly string[] | undefined;
  /** What the one that starts would allow. */
  readonly next: readonly string[];
  readonly kubelet: Version;
  readonly kernel: Version | undefined;
}

/** A pod that runs or is about to, and those of its sysctls that the next kubelet would refuse. */
export interface RefusedPod {
  readonly uid: string;
  readonly pod: string;
  readonly sysctls: readonly string[];
}

/**
 * The pods that live now and would not survive the restart, by `namespace/name`. Mirrors Admit and validateSysctl in
 * kubernetes pkg/kubelet/sysctl/allowlist.go. A pod that the running kubelet refuses too, at this very moment or for the
 * namespaces it shares with the host, is not one of them: the restart takes nothing from it.
 */
export function podsRefused(pods: readonly SysctlPod[], restart: Restart): readonly RefusedPod[] {
  return pods
    .filter((pod) => isLive(pod, restart))
    .map((pod) => ({
      uid: pod.uid,
      pod: `${pod.namespace}/${pod.name}`,
      sysctls: refusedOf(pod, restart),
    }))
    .filter(({ sysctls }) => sysctls.length > 0)
    .toSorted((one, other) => (one.pod < other.pod ? -1 : 1));
}

/** The allowances that pods lose by the restart: the running kubelet has them, the next has not, and they are not safe. */
export function takenAway({ running = [], next, kubelet, kernel }: Restart): readonly string[] {
  const isCovered = coverageOf(next);
  return running.filter((item) => !isSafe(item, kubelet, kernel) && !isCovered(item));
}

/** False for a restart that takes nothing from the pods of a kubelet that runs: none of them need be asked for. */
export function mayEndPods(restart: Restart): boolean {
  return restart.running === undefined || takenAway(restart).length > 0;
}

const MOST_NAMED = 5;

/** `default/web: net.core.somaxconn; default/db: kernel.sem, kernel.shmmax; and 3 more` */
export function refusedText(refused: readonly RefusedPod[]): string {
  const named = refused.slice(0, MOST_NAMED).map(({ pod, sysctls }) => `${pod}: ${sysctls.join(', ')}`);
  const more = refused.length - named.length;
  return [...named, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}

function isLive(pod: SysctlPod, { running, kubelet, kernel }: Restart): boolean {
  if (pod.phase === 'Succeeded' || pod.phase === 'Failed') return false;
  if (pod.sysctls.some((name) => isTheHosts(pod, normaliseSysctl(name)))) return false;
  // Controllers make pods that the kubelet refuses again and again; one of those on its way holds up nothing.
  return (
    pod.taken ||
    running === undefined ||
    pod.sysctls.every((name) => isSafe(name, kubelet, kernel) || coveredBy(running, name))
  );
}

function refusedOf({ sysctls }: SysctlPod, { next, kubelet, kernel }: Restart): readonly string[] {
  const names = [...new Set(sysctls.map((name) => normaliseSysctl(name)))];
  return names.filter((name) => !isSafe(name, kubelet, kernel) && !coveredBy(next, name));
}

const IPC = ['kernel.sem', 'kernel.shm', 'kernel.msg', 'fs.mqueue.'];

/** The sysctl would be the host's own: the kubelet refuses it whatever the list says. */
function isTheHosts({ hostNetwork, hostIpc }: SysctlPod, name: string): boolean {
  return (
    (hostNetwork && name.startsWith('net.')) || (hostIpc && IPC.some((prefix) => name.startsWith(prefix)))
  );
}
