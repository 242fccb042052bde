// What an agent reports of a change.

import { KEYS } from '../../../../agent/names.ts';
import type { Desired } from '../../../../agent/policy/desired.ts';
import type { NodeReport } from '../../../../agent/report/annotations.ts';
import { parseHistory } from '../../../../agent/report/history.ts';
import { sha256Of } from '../../../../agent/text/hash.ts';

type Texts = Readonly<Record<string, string>>;

/** Returns the report of an agent whose change was committed then. */
export function doneReport(desired: Desired, changedAt: Date): NodeReport {
  const at = changedAt.toISOString();
  const [file, hash] = ['/etc/default/kubelet', sha256Of(Buffer.from(desired.revision))];
  const change = {
    at,
    reason: 'The policy changed.',
    revision: desired.revision,
    file,
    before: hash,
    after: hash,
  };
  const { allowances } = desired;
  return {
    ...reportOf(desired),
    state: 'Done',
    reason: 'The kubelet runs with the list of the policy.',
    allows: allowances,
    appliedRevision: desired.revision,
    lastChange: at,
    history: [{ ...change, from: [], to: [...allowances], result: 'Done' }],
  };
}

/** Returns the report of an agent whose new kubelet is proven and soaks: what it applied and changed last stays. */
export function workingReport(desired: Desired, before: Texts): NodeReport {
  const {
    [KEYS.appliedRevision]: appliedRevision,
    [KEYS.lastChange]: lastChange,
    [KEYS.history]: history,
  } = before;
  return {
    ...reportOf(desired),
    state: 'Working',
    reason: 'Verified; watched for some seconds before the change counts as done: the policy changed.',
    allows: undefined,
    appliedRevision,
    lastChange,
    history: history === undefined ? undefined : parseHistory(history),
  };
}

type SameInAll = Omit<
  NodeReport,
  'state' | 'reason' | 'allows' | 'appliedRevision' | 'lastChange' | 'history'
>;

function reportOf({ allowances, profiles, revision }: Desired): SameInAll {
  return {
    reasonCode: undefined,
    desired: allowances,
    profiles,
    running: allowances,
    drift: { missing: [], unmanaged: [], pendingRestart: [] },
    policyError: undefined,
    desiredRevision: revision,
    failedRevision: undefined,
  };
}
