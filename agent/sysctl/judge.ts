// Judges one allowance for one node: allowed, safe or invalid.

import { allowanceProblem } from './allowance.ts';
import { isNodeWide } from './node-wide.ts';
import { isSafe, kernelNeededBy } from './safe.ts';
import { formatVersion, type Version } from './version.ts';

/**
 * `allowed`: pods may set it once it is on the kubelet's list. `safe`: pods may set it without that. `invalid`: the
 * kubelet does not start with it.
 */
export type Verdict = 'allowed' | 'safe' | 'invalid';

export interface Judgement {
  readonly pattern: string;
  readonly verdict: Verdict;
  /** One sentence for a person; for an invalid one, how to fix it too. */
  readonly message: string;
  /** Why an allowed one is of no use to any pod; absent when it may be. */
  readonly warning?: string;
}

/** `message` of a name that the kubelet allows because it is on the list. The ConfigMap's admission policies say it too. */
export const ALLOWED_MESSAGE = 'allowed to pods by this policy';

/** `warning` of a name that no pod can set. */
export const NODE_WIDE_WARNING =
  'no pod can set it: Linux keeps it once for the whole node, and a pod that names it does not start. Set it on the node itself';

interface NodeVersions {
  readonly kubelet: Version;
  /** undefined: not known, and treated as new enough. */
  readonly kernel: Version | undefined;
}

/** Judges one allowance for a node with these versions. */
export function judge(pattern: string, node: NodeVersions): Judgement {
  const problem = allowanceProblem(pattern, node.kubelet);
  if (problem !== undefined) {
    return { pattern, verdict: 'invalid', message: problem };
  }
  if (isSafe(pattern, node.kubelet, node.kernel)) {
    return { pattern, verdict: 'safe', message: safeMessage(pattern, node) };
  }
  return {
    pattern,
    verdict: 'allowed',
    message: allowedMessage(pattern, node),
    ...(isNodeWide(pattern) && { warning: NODE_WIDE_WARNING }),
  };
}

function safeMessage(pattern: string, node: NodeVersions): string {
  const needed = kernelNeededBy(pattern, node.kubelet);
  const condition =
    needed !== undefined && node.kernel === undefined
      ? ` with Linux ${needed.major}.${needed.minor} or newer`
      : '';
  return `already safe on this kubelet (${formatVersion(node.kubelet)})${condition}, not needed`;
}

function allowedMessage(pattern: string, node: NodeVersions): string {
  const needed = kernelNeededBy(pattern, node.kubelet);
  if (needed !== undefined && node.kernel !== undefined) {
    return `${ALLOWED_MESSAGE}; safe without it only from Linux ${needed.major}.${needed.minor} on, this is ${formatVersion(node.kernel)}`;
  }
  return ALLOWED_MESSAGE;
}
