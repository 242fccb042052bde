// What a policy would do to one node, before it is applied. Pure.

import { isEditable } from '../../kubelet/unit.ts';
import { restartNeeded } from '../../plan/drift.ts';
import { podsRefused, type RefusedPod, type SysctlPod } from '../../plan/in-use.ts';
import { mergeAllowances } from '../../plan/merge.ts';
import { desiredFor } from '../../policy/desired.ts';
import type { Policy } from '../../policy/policy.ts';
import { parseSelectors } from '../../policy/selectors.ts';
import { reportedLists, type ReportedLists } from '../../report/reported.ts';
import type { Judgement } from '../../sysctl/judge.ts';
import { parseVersion, type Version } from '../../sysctl/version.ts';
import type { FleetNode } from '../fleet.ts';

export const OUTCOMES = ['restart', 'blocked', 'no restart', 'nothing', 'held'] as const;

/**
 * restart: the kubelet restarts with another list. blocked: it would restart, but running pods block it. no restart: another
 * revision that needs no restart. nothing: the node has the policy's list. held: the policy cannot change this node.
 */
export type Outcome = (typeof OUTCOMES)[number];

export interface NodeForecast {
  readonly name: string;
  readonly outcome: Outcome;
  /** undefined while its kubelet's version is not known. */
  readonly revision: string | undefined;
  /** What its kubelet would allow in addition, and what it would no longer allow. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** The pods that block the restart, or with inUse: Proceed the pods that it would end. */
  readonly pods: readonly RefusedPod[];
  /** Why it is held. */
  readonly reason: string | undefined;
  /** Allowances of the policy with which this kubelet would not start. */
  readonly leftOut: readonly Judgement[];
}

export interface ForecastNode {
  readonly fleet: FleetNode;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Returns the effect on a node, from its agent's report and its pods. Treats mode Observe as Enforce. */
export function forecast(
  { fleet, annotations }: ForecastNode,
  policy: Policy,
  pods: readonly SysctlPod[],
): NodeForecast {
  const versions = versionsOf(fleet);
  const desired =
    versions &&
    desiredFor(policy, { labels: fleet.labels, kept: parseSelectors(fleet.profiles), ...versions });
  const lists = reportedLists(annotations);
  const reason = whyHeld(fleet, lists);
  const common = {
    name: fleet.name,
    revision: desired?.revision,
    reason,
    leftOut: desired?.unsupported ?? [],
  };
  if (reason !== undefined || versions === undefined || desired === undefined || lists === undefined) {
    return { ...common, outcome: 'held', added: [], removed: [], pods: [] };
  }
  const { next, restarts } = afterwards(lists, desired.allowances, policy, versions.kubelet);
  if (!restarts) {
    const outcome = desired.revision === fleet.appliedRevision ? 'nothing' : 'no restart';
    return { ...common, outcome, added: [], removed: [], pods: [] };
  }
  const refused = podsRefused(pods, { running: lists.running, next, ...versions });
  const isBlocked = refused.length > 0 && policy.settings.inUse === 'Block';
  return {
    ...common,
    outcome: isBlocked ? 'blocked' : 'restart',
    added: next.filter((item) => !lists.running.includes(item)).toSorted(),
    removed: lists.running.filter((item) => !next.includes(item)).toSorted(),
    pods: refused,
  };
}

function versionsOf(node: FleetNode): { kubelet: Version; kernel: Version | undefined } | undefined {
  const kubelet = parseVersion(node.kubelet);
  return kubelet && { kubelet, kernel: parseVersion(node.kernel) };
}

function whyHeld(node: FleetNode, lists: ReportedLists | undefined): string | undefined {
  if (node.hostService === true) return "The host's own service manages its kubelet.";
  if (node.state === undefined) return 'No agent has reported on it.';
  if (node.paused) return 'A person paused it.';
  if (node.state === 'Unreconcilable') return node.reason;
  if (node.kubelet === '') return 'Its status does not contain the version of its kubelet.';
  return lists === undefined
    ? `Its agent does not report the list that its kubelet runs with: ${node.reason}`
    : undefined;
}

/** The agent's merge over the reported lists. Only the reported drift shows which entries belong to others. */
function afterwards(
  { running, configured, unmanaged }: ReportedLists,
  desired: readonly string[],
  policy: Policy,
  kubelet: Version,
): { readonly next: readonly string[]; readonly restarts: boolean } {
  const others = unmanaged.map(({ pattern }) => pattern);
  // The agent writes only its own variable: entries of others elsewhere stay, whatever the policy says.
  const fixed = unmanaged.filter(({ origin }) => !isEditable(origin)).map(({ pattern }) => pattern);
  const existing = configured.filter((item) => !fixed.includes(item));
  const ours = configured.filter((item) => !others.includes(item));
  const merge = mergeAllowances({
    existing: existing.length === 0 ? undefined : existing,
    elsewhere: fixed.length === 0 ? undefined : fixed,
    inConfig: [],
    wanted: desired,
    lastApplied: { ours, folded: [] },
    unmanaged: policy.settings.unmanaged,
    goal: policy.settings.mode === 'Restore' ? 'Restore' : 'Apply',
    kubelet,
  });
  const next = [...new Set([...(merge.list ?? []), ...fixed])];
  const lastApplied = { ours, folded: [] };
  return {
    next,
    restarts: merge.changed || restartNeeded({ desired, lastApplied, configured: next, running }),
  };
}
