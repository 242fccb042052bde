// Whether a kubelet takes an allowance at all: a kubelet that is given one it refuses does not start.

import { explainGrammar, explainNamespace } from './explain.ts';
import { isNamespaced, knownTo } from './namespaces.ts';
import { normaliseSysctl } from './normalise.ts';
import type { Version } from './version.ts';

const LONGEST_BYTES = 253;

// SysctlContainSlashPatternFmt in kubernetes pkg/apis/policy/validation/validation.go, the same from 1.29.6 to 1.37.2.
const PATTERN = /^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*([a-z0-9][-_a-z0-9]*)?[a-z0-9*]$/u;

/**
 * Whether NewAllowlist of that kubelet accepts `pattern`. Kubelets older than 1.29 are taken for 1.29, newer ones than
 * 1.37 for 1.37. Mirrors NewAllowlist in kubernetes pkg/kubelet/sysctl/allowlist.go.
 */
export function isAllowance(pattern: string, kubelet: Version): boolean {
  return isPattern(pattern) && isNamespaced(stemOf(pattern), knownTo(kubelet));
}

/** Why that kubelet refuses `pattern`, and how to mend it; undefined when it accepts it. Costs more than `isAllowance`. */
export function allowanceProblem(pattern: string, kubelet: Version): string | undefined {
  if (isAllowance(pattern, kubelet)) {
    return undefined;
  }
  return isPattern(pattern)
    ? explainNamespace(pattern, stemOf(pattern), kubelet)
    : explainGrammar(pattern, LONGEST_BYTES, isPattern);
}

function stemOf(pattern: string): string {
  const [stem = ''] = normaliseSysctl(pattern).split('*', 1);
  return stem;
}

function isPattern(text: string): boolean {
  // The expression takes ASCII alone, so characters and bytes are the same number; length first keeps it quick.
  return text.length <= LONGEST_BYTES && PATTERN.test(text);
}
