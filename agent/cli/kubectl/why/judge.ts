// Whether one node's running kubelet takes a sysctl from a pod now, and by which list. Pure.

import { desiredFor, profilesFor } from '../../../policy/desired.ts';
import type { Entry, Policy } from '../../../policy/policy.ts';
import { parseSelectors, selectorText } from '../../../policy/selectors.ts';
import { KEYS } from '../../../names.ts';
import { reportedLists, type ReportedLists } from '../../../report/reported.ts';
import { isAllowance } from '../../../sysctl/allowance.ts';
import { coveredBy, covers } from '../../../sysctl/coverage.ts';
import { isSafe, safeSince } from '../../../sysctl/safe.ts';
import { parseVersion, type Version } from '../../../sysctl/version.ts';
import type { ShownNode } from '../cluster/nodes.ts';

export const TAKES = ['now', 'later', 'unknown', 'no'] as const;

/** now: its running kubelet takes it. later: the ConfigMap allows it there already, or the node is not Ready. */
export type Takes = (typeof TAKES)[number];

export interface NodeAnswer {
  readonly takes: Takes;
  /** A clause for people, the same for nodes with the same cause. */
  readonly reason: string;
  /** The ConfigMap could allow it there and does not. */
  readonly lacksList: boolean;
}

/** A node whose versions are known. */
interface Judged {
  readonly node: ShownNode;
  readonly kubelet: Version;
  readonly kernel: Version | undefined;
}

/**
 * Returns the node's answer for a normalised name that pods can set somewhere. `policy`: undefined while it is not valid or may not be read;
 * then the node's own report says what is wanted there. Mirrors validateSysctl in kubernetes pkg/kubelet/sysctl/allowlist.go.
 */
export function judgeOn(name: string, node: ShownNode, policy: Policy | undefined): NodeAnswer {
  const { fleet } = node;
  const { 'kubernetes.io/os': os = 'linux' } = fleet.labels;
  if (os !== 'linux') return answer('no', `not a node with Linux (${os})`);
  const kubelet = parseVersion(fleet.kubelet);
  if (kubelet === undefined) return answer('unknown', 'the version of its kubelet is not known');
  const judged = { node, kubelet, kernel: parseVersion(fleet.kernel) };
  if (isSafe(name, kubelet, judged.kernel)) return ifReady(node, 'safe there, so no list is needed');
  const lists = reportedLists(node.annotations);
  const by = lists && listText(name, lists, judged, policy);
  return by === undefined ? withoutList(name, judged, lists, policy) : ifReady(node, by);
}

function ifReady({ fleet }: ShownNode, reason: string): NodeAnswer {
  return fleet.readiness?.ready === false
    ? answer('later', `${reason}, but the node is not Ready`)
    : answer('now', reason);
}

/** Returns by which list the running kubelet allows it; undefined when it does not. */
function listText(
  name: string,
  { running, unmanaged }: ReportedLists,
  judged: Judged,
  policy: Policy | undefined,
): string | undefined {
  const items = running.filter((item) => covers(item, name));
  if (items.length === 0) return undefined;
  const named = sourcesOf(name, judged, policy).find(({ entry }) => items.includes(entry.pattern));
  if (named !== undefined) return `allowed by ${placeText(named)}`;
  const theirs = unmanaged.find(({ pattern }) => items.includes(pattern));
  if (theirs !== undefined) return `allowed by another party: ${theirs.pattern} in ${theirs.origin}`;
  const isKept = policy === undefined || wanted(name, judged, policy);
  return `allowed by its running kubelet (${items.join(', ')})${isKept ? '' : ', but no longer by the ConfigMap: a change may remove it'}`;
}

interface Source {
  readonly entry: Entry;
  /** undefined: the base list. */
  readonly profile: string | undefined;
}

/** The entries of the policy that cover the name on this node, the base list's first. */
function sourcesOf(name: string, { node }: Judged, policy: Policy | undefined): readonly Source[] {
  if (policy === undefined || policy.settings.mode === 'Restore') return [];
  const kept = parseSelectors(node.fleet.profiles);
  const profiles = profilesFor(policy, { labels: node.fleet.labels, kept });
  const sources = [
    ...policy.entries.map((entry) => ({ entry, profile: undefined })),
    ...profiles.flatMap((profile) => profile.entries.map((entry) => ({ entry, profile: profile.name }))),
  ];
  return sources.filter(({ entry }) => covers(entry.pattern, name));
}

function placeText({ entry, profile }: Source): string {
  const place = `key ${entry.key}, line ${entry.line}`;
  return `${entry.pattern} of ${profile === undefined ? 'the ConfigMap' : `profile ${profile}`} (${place})`;
}

function withoutList(
  name: string,
  judged: Judged,
  lists: ReportedLists | undefined,
  policy: Policy | undefined,
): NodeAnswer {
  const { node, kubelet } = judged;
  const { state, reason, paused, hostService } = node.fleet;
  if (!isAllowance(name, kubelet)) {
    return answer('no', `kubelet 1.${kubelet.minor} does not know it as namespaced`);
  }
  if (state === 'Unreconcilable')
    return answer('no', `not allowed, and the node is Unreconcilable: ${reason}`);
  const isWanted = wanted(name, judged, policy);
  if (hostService === true) {
    return answer('unknown', "the host's own service manages its kubelet, by the policy on its disk");
  }
  if (lists === undefined) {
    const why =
      state === undefined
        ? 'no agent has reported on it'
        : 'its agent does not report the list of its kubelet';
    return { ...answer('unknown', why), lacksList: !isWanted };
  }
  if (isWanted) {
    const [source] = sourcesOf(name, judged, policy);
    const by = source === undefined ? 'the ConfigMap' : placeText(source);
    return answer(
      'later',
      `${by} allows it, but its kubelet does not run with that yet: ${waitText(state, reason, paused)}`,
    );
  }
  // The annotation of a long list is cut, and the name may stand behind the cut.
  if (node.annotations[KEYS.running]?.endsWith('…') === true) {
    return answer('unknown', 'its agent reports only the beginning of the long list of its kubelet');
  }
  return { ...answer('no', `unsafe there, and ${noListText(name, judged, policy)}`), lacksList: true };
}

function wanted(name: string, { node, kubelet, kernel }: Judged, policy: Policy | undefined): boolean {
  if (policy === undefined) {
    return coveredBy((node.annotations[KEYS.desired] ?? '').split(',').filter(Boolean), name);
  }
  const { labels, profiles } = node.fleet;
  return coveredBy(
    desiredFor(policy, { labels, kept: parseSelectors(profiles), kubelet, kernel }).allowances,
    name,
  );
}

function waitText(state: string | undefined, reason: string, paused: boolean): string {
  if (paused) return 'a person paused the node';
  return state === 'Done' ? 'it waits for its turn in the rollout' : `${state}: ${reason}`;
}

function noListText(name: string, { kubelet, kernel }: Judged, policy: Policy | undefined): string {
  const elsewhere = profilesWith(name, policy)[0];
  const safe = safeSince(name);
  const since =
    safe === undefined
      ? ''
      : ` (${safeText(name)}; this is kubelet 1.${kubelet.minor}${kernel === undefined ? '' : `, Linux ${kernel.major}.${kernel.minor}`})`;
  return elsewhere === undefined
    ? `no list allows it${since}`
    : `no list allows it${since}: profile ${elsewhere.name} is for nodes with ${selectorText(elsewhere.nodeSelector)}`;
}

/** Returns the profiles of the policy that allow the name on their nodes. */
export function profilesWith(name: string, policy: Policy | undefined): Policy['profiles'] {
  return (policy?.profiles ?? []).filter(({ entries }) =>
    entries.some(({ pattern }) => covers(pattern, name)),
  );
}

/** `unsafe`, `safe`, or `safe from kubelet 1.32 and Linux 4.15 on`. */
export function safeText(name: string): string {
  const safe = safeSince(name);
  if (safe === undefined) return 'unsafe';
  const needed = [
    ...(safe.kubelet === 0 ? [] : [`kubelet 1.${safe.kubelet}`]),
    ...(safe.kernel === undefined ? [] : [`Linux ${safe.kernel.major}.${safe.kernel.minor}`]),
  ];
  return needed.length === 0 ? 'safe' : `safe from ${needed.join(' and ')} on`;
}

function answer(takes: Takes, reason: string): NodeAnswer {
  return { takes, reason, lacksList: false };
}
