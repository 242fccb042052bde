// Decides what an allowance lets pods set. Mirrors validateSysctl in kubernetes pkg/kubelet/sysctl/allowlist.go.

import { normaliseSysctl } from './normalise.ts';

interface Reach {
  /** The name, or the part before the first `*`. */
  readonly stem: string;
  readonly isPattern: boolean;
}

/**
 * True when the kubelet lets a pod set everything that `other` (a name or a pattern) stands for once `allowance` is
 * on its list. Spellings with dots and with slashes are equal.
 */
export function covers(allowance: string, other: string): boolean {
  return reaches(reachOf(allowance), reachOf(other));
}

/** True when one of the allowances covers `other`. For many calls with one list, use `coverageOf`. */
export function coveredBy(allowances: readonly string[], other: string): boolean {
  const wanted = reachOf(other);
  return allowances.some((allowance) => reaches(reachOf(allowance), wanted));
}

/** Returns `coveredBy` for one list, in a form that is fast for many calls: linear for long lists on both sides. */
export function coverageOf(allowances: readonly string[]): (other: string) => boolean {
  const reached = allowances.map(reachOf);
  const names = new Set(reached.filter(({ isPattern }) => !isPattern).map(({ stem }) => stem));
  const stems = new Set(reached.filter(({ isPattern }) => isPattern).map(({ stem }) => stem));
  const lengths = [...new Set([...stems].map(({ length }) => length))];
  return (other) => {
    const { stem, isPattern } = reachOf(other);
    const isNamed = !isPattern && names.has(stem);
    return isNamed || lengths.some((length) => length <= stem.length && stems.has(stem.slice(0, length)));
  };
}

function reachOf(pattern: string): Reach {
  const name = normaliseSysctl(pattern);
  const star = name.indexOf('*');
  return star === -1 ? { stem: name, isPattern: false } : { stem: name.slice(0, star), isPattern: true };
}

function reaches(allowance: Reach, other: Reach): boolean {
  if (allowance.isPattern) {
    return other.stem.startsWith(allowance.stem);
  }
  return !other.isPattern && other.stem === allowance.stem;
}
