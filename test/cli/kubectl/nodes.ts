// Nodes as the API server shows them.

import { parsePolicy } from '../../../agent/policy/parse.ts';
import { desiredFor } from '../../../agent/policy/desired.ts';
import { INPUT_KEYS, KEYS, type State } from '../../../agent/names.ts';

export interface NodeFacts {
  readonly state?: State;
  readonly reason?: string;
  /** The policy that the node was changed to last. */
  readonly applied?: Readonly<Record<string, string>>;
  readonly running?: string;
  readonly drift?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly paused?: boolean;
  readonly failed?: boolean;
  readonly kubelet?: string;
  readonly notReadySince?: Date;
}

export const POLICY = { allowedUnsafeSysctls: 'net.core.somaxconn' };

/** Returns a healthy Node that is Done with POLICY, unless `facts` differ. `wanted` is the policy in force. */
export function node(
  name: string,
  facts: NodeFacts = {},
  wanted: Readonly<Record<string, string>> = POLICY,
): object {
  const { state = 'Done', reason = '', applied = wanted, labels = {}, kubelet = 'v1.37.2' } = facts;
  const [desired, was] = [desiredOf(wanted, labels), desiredOf(applied, labels)];
  return {
    metadata: {
      name,
      uid: `uid-${name}`,
      resourceVersion: '1',
      labels: { 'kubernetes.io/os': 'linux', ...labels, [KEYS.state]: state },
      annotations: {
        [KEYS.state]: state,
        [KEYS.reason]: reason,
        [KEYS.desired]: desired.allowances.join(','),
        [KEYS.running]: facts.running ?? was.allowances.join(','),
        [KEYS.desiredRevision]: desired.revision,
        [KEYS.appliedRevision]: was.revision,
        [KEYS.lastChange]: '2026-01-01T00:00:00Z',
        ...(facts.drift !== undefined && { [KEYS.drift]: facts.drift }),
        ...(facts.failed === true && { [KEYS.failedRevision]: desired.revision }),
        ...(facts.paused === true && { [INPUT_KEYS.paused]: 'true' }),
      },
    },
    spec: {},
    status: {
      nodeInfo: { kubeletVersion: kubelet, kernelVersion: '6.1.0' },
      conditions: [readyCondition(facts)],
    },
  };
}

function readyCondition({ notReadySince }: NodeFacts): object {
  return notReadySince === undefined
    ? { type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }
    : { type: 'Ready', status: 'Unknown', lastTransitionTime: notReadySince.toISOString() };
}

function desiredOf(data: Readonly<Record<string, string>>, labels: Readonly<Record<string, string>>) {
  const parsed = parsePolicy(data);
  if (!parsed.ok) throw new Error(`Expected a valid policy, got ${JSON.stringify(parsed.errors)}`);
  return desiredFor(parsed.policy, {
    labels,
    kubelet: { major: 1, minor: 37, patch: 2 },
    kernel: { major: 6, minor: 1, patch: 0 },
  });
}
