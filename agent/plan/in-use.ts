// Finds the pods that a restarted kubelet would end: it admits every pod of its node again and refuses those with a
// sysctl that its list does not allow.

import type { NodeRequirement } from './node-requirement.ts';
import { coverageOf, coveredBy } from '../sysctl/coverage.ts';
import { normaliseSysctl } from '../sysctl/normalise.ts';
import { isSafe } from '../sysctl/safe.ts';
import type { Version } from '../sysctl/version.ts';

/** The fields of a pod that the kubelet's admission of sysctls reads. */
export interface SysctlPod {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  /** `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`. */
  readonly phase: string;
  /** The kubelet has admitted it: its status has a startTime. */
  readonly taken: boolean;
  /** The names in its securityContext.sysctls, as written there. */
  readonly sysctls: readonly string[];
  readonly hostNetwork: boolean;
  readonly hostIpc: boolean;
  /** What it requires of its node's labels and name; undefined: nothing. */
  readonly requirement?: NodeRequirement;
}

/** The lists of one node's kubelet, now and after the restart. */
export interface Restart {
  /** What the running kubelet allows; undefined: not known. */
  readonly running: readonly string[] | undefined;
  /** What the restarted kubelet would allow. */
  readonly next: readonly string[];
  readonly kubelet: Version;
  readonly kernel: Version | undefined;
}

/** A pod that runs or will run, and those of its sysctls that the restarted kubelet would refuse. */
export interface RefusedPod {
  readonly uid: string;
  readonly pod: string;
  readonly sysctls: readonly string[];
}

/**
 * Returns the live pods that the restart would end, sorted by `namespace/name`. Mirrors Admit and validateSysctl in
 * kubernetes pkg/kubelet/sysctl/allowlist.go. Leaves out a pod that the running kubelet refuses too, by its list or because
 * the pod shares the host's namespace: the restart does not change that.
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

/** Returns the allowances that the restart removes: on the running kubelet's list, not covered by the next one, not safe. */
export function takenAway({ running = [], next, kubelet, kernel }: Restart): readonly string[] {
  const isCovered = coverageOf(next);
  return running.filter((item) => !isSafe(item, kubelet, kernel) && !isCovered(item));
}

/** False when the restart removes no allowance; then the pods need not be listed. */
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
  // Controllers recreate a pod that the kubelet refuses. One that is not admitted yet and will be refused blocks no restart.
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

/** True when the sysctl would be the host's own. The kubelet refuses it whatever the list. */
function isTheHosts(pod: SysctlPod, name: string): boolean {
  return hostNamespaceOf(pod, name) !== undefined;
}

/** Returns the field by which the pod shares the host's namespace of this normalised name; undefined when it shares none of that. */
export function hostNamespaceOf(
  { hostNetwork, hostIpc }: Pick<SysctlPod, 'hostNetwork' | 'hostIpc'>,
  name: string,
): 'hostNetwork' | 'hostIPC' | undefined {
  if (hostNetwork && name.startsWith('net.')) return 'hostNetwork';
  return hostIpc && IPC.some((prefix) => name.startsWith(prefix)) ? 'hostIPC' : undefined;
}
