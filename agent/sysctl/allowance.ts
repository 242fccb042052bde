// Decides whether a kubelet accepts an allowance. A kubelet does not start with one that it refuses.

import { explainGrammar, explainNamespace } from './explain.ts';
import { isNamespaced, knownTo } from './namespaces.ts';
import { normaliseSysctl } from './normalise.ts';
import type { Version } from './version.ts';

export const LONGEST_ALLOWANCE = 253;

// SysctlContainSlashPatternFmt in kubernetes pkg/apis/policy/validation/validation.go, the same from 1.29.6 to 1.37.2.
export const ALLOWANCE = /^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*([a-z0-9][-_a-z0-9]*)?[a-z0-9*]$/u;

/**
 * True when NewAllowlist of that kubelet accepts `pattern`. Kubelets older than 1.29 are judged as 1.29, newer ones than
 * 1.37 as 1.37. Mirrors NewAllowlist in kubernetes pkg/kubelet/sysctl/allowlist.go.
 */
export function isAllowance(pattern: string, kubelet: Version): boolean {
  return isPattern(pattern) && isNamespaced(stemOf(pattern), knownTo(kubelet));
}

/** Returns why that kubelet refuses `pattern` and how to fix it; undefined when it accepts it. Slower than `isAllowance`. */
export function allowanceProblem(pattern: string, kubelet: Version): string | undefined {
  if (isAllowance(pattern, kubelet)) {
    return undefined;
  }
  return isPattern(pattern)
    ? explainNamespace(pattern, stemOf(pattern), kubelet)
    : explainGrammar(pattern, LONGEST_ALLOWANCE, isPattern);
}

function stemOf(pattern: string): string {
  const [stem = ''] = normaliseSysctl(pattern).split('*', 1);
  return stem;
}

function isPattern(text: string): boolean {
  // ALLOWANCE matches ASCII alone, so characters and bytes are the same number. The length comes first: it is cheap.
  return text.length <= LONGEST_ALLOWANCE && ALLOWANCE.test(text);
}
