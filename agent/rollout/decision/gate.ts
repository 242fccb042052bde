// Whether approvals are allowed now, and if not, why.

import type { Policy, PolicyError } from '../../policy/policy.ts';
import { policyErrorText } from '../../report/policy-error.ts';
import { shorten } from '../../report/shorten.ts';
import { numberOf } from './quantity.ts';
import type { Candidate, DecisionContext } from './node-status.ts';
import { namesText, nodesText, timeText } from './text.ts';
import type { WindowsState } from '../windows/windows.ts';
import { failureText } from './failure-text.ts';

/** The policy as the coordinator reads it. With errors nothing is approved. */
export interface PolicyNow {
  /** undefined: the ConfigMap does not exist or is not valid. */
  readonly policy: Policy | undefined;
  readonly errors: readonly PolicyError[];
  /** When it was read. Approvals wait some seconds from then on for the agents' reports; undefined: no wait. */
  readonly readAt?: Date;
}

export type Gate =
  | { readonly kind: 'open' }
  /** Only joining nodes may be approved. */
  | { readonly kind: 'closed'; readonly reason: string }
  | { readonly kind: 'invalid' | 'paused' | 'immediate' | 'halted'; readonly reason: string };

const LONGEST_ERRORS_BYTES = 2_000;
const LONGEST_REASON_BYTES = 300;

export function gateOf(
  { policy, errors }: PolicyNow,
  members: readonly Candidate[],
  selected: number,
  windows: WindowsState,
  terms: DecisionContext,
): Gate {
  if (policy === undefined || errors.length > 0) {
    return { kind: 'invalid', reason: invalidReason(errors) };
  }
  const { paused, mode, pace } = policy.settings;
  if (paused || mode === 'Observe') {
    return { kind: 'paused', reason: pausedReason(paused) };
  }
  if (pace.rollout === 'Immediate') {
    return {
      kind: 'immediate',
      reason: 'The policy sets rollout: Immediate. Each agent changes its node without an approval.',
    };
  }
  const failed = members.filter(({ standing }) => standing === 'failed');
  const threshold = numberOf(pace.failureThreshold, selected);
  if (failed.length >= threshold) {
    return { kind: 'halted', reason: haltedReason(failed, threshold, terms) };
  }
  return windows.open ? { kind: 'open' } : { kind: 'closed', reason: closedReason(windows.changesAt) };
}

function invalidReason(errors: readonly PolicyError[]): string {
  const what =
    errors.length === 0
      ? 'Expected a ConfigMap with a policy, found none'
      : shorten(policyErrorText(errors), LONGEST_ERRORS_BYTES);
  return `The ConfigMap is not valid, so no node is changed until it is fixed. ${what}`;
}

function pausedReason(paused: boolean): string {
  return paused
    ? 'The policy is paused. Changes under way are finished, and no other begins. To resume: kubectl sysctls resume, or remove the key paused.'
    : 'The policy sets mode: Observe. No node is changed.';
}

function haltedReason(failed: readonly Candidate[], threshold: number, terms: DecisionContext): string {
  const [first] = failed;
  const why =
    first === undefined
      ? ''
      : ` ${first.node.name}: ${shorten(failureText(first, terms), LONGEST_REASON_BYTES)}`;
  return (
    `${nodesText(failed.length)} failed (${namesText(failed)}), and failureThreshold is ${threshold}: no further node ` +
    `is changed.${why} To resume, edit the ConfigMap (failed nodes get the new list first), or fix the node and ` +
    'retry (kubectl sysctls retry NODE), or exclude it (kubectl sysctls pause NODE).'
  );
}

function closedReason(opens: Date | undefined): string {
  const when =
    opens === undefined ? 'none opens within the next 15 days' : `next opens at ${timeText(opens)}`;
  return `Outside the maintenance windows; ${when}.`;
}
