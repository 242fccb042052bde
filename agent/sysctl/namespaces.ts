// Which sysctls the kubelet knows to be namespaced. Mirrors nameToNamespace and prefixToNamespace in
// k8s.io/component-helpers node/util/sysctl/namespace.go, 1.29.6 to 1.37.2.

import { covers } from './coverage.ts';
import { isAtLeast, type Version } from './version.ts';

export interface Known {
  /** A whole name, or the part before the first `*` of a pattern. */
  readonly names: readonly string[];
  /** Everything below one of these and a dot. */
  readonly prefixes: readonly string[];
}

const ALWAYS: Known = {
  names: [
    'kernel.sem',
    'kernel.shm',
    'kernel.shmall',
    'kernel.shmmax',
    'kernel.shmmni',
    'kernel.shm_rmid_forced',
    'kernel.msg',
    'kernel.msgmax',
    'kernel.msgmnb',
    'kernel.msgmni',
  ],
  prefixes: ['net', 'fs.mqueue'],
};

const SINCE_1_37: Known = { names: ['kernel.domainname'], prefixes: ['user'] };

/** Returns what the given kubelet knows. Kubelets older than 1.29 are treated as 1.29, newer ones than 1.37 as 1.37. */
export function knownTo(kubelet: Version): Known {
  if (!isAtLeast(kubelet, 1, 37)) {
    return ALWAYS;
  }
  return {
    names: [...ALWAYS.names, ...SINCE_1_37.names],
    prefixes: [...ALWAYS.prefixes, ...SINCE_1_37.prefixes],
  };
}

/** True when `known` has the normalised name, or the stem of a pattern, as namespaced. */
export function isNamespaced(stem: string, known: Known): boolean {
  return known.names.includes(stem) || known.prefixes.some((prefix) => stem.startsWith(`${prefix}.`));
}

/** Returns the widest namespaced allowances that `stem*` covers, as suggestions for a message. */
export function namespacedBelow(stem: string, known: Known): readonly string[] {
  const below = namespacedAllowances(known).filter((allowance) => allowance.startsWith(stem));
  return below.filter((allowance) => !below.some((other) => other !== allowance && covers(other, allowance)));
}

/** Returns every allowance of the kubelet's table, prefixes as patterns. */
export function namespacedAllowances(known: Known): readonly string[] {
  return [...known.names.map(asAllowance), ...known.prefixes.map((prefix) => `${prefix}.*`)];
}

// kernel.shm and kernel.msg are not sysctls. The kubelet's table has them so that it accepts kernel.shm* and kernel.msg*.
function asAllowance(name: string): string {
  return name === 'kernel.shm' || name === 'kernel.msg' ? `${name}*` : name;
}
