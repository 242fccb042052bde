// Formats a node's report as annotations and a label, and computes the smallest patch that sets them.

import type { Drift } from '../plan/drift.ts';
import { historyAnnotation } from './history.ts';
import { ALLOWS_PREFIX, INPUT_KEYS, KEYS, type ROLLBACK_INCOMPLETE, type State } from '../names.ts';
import type { PastChange } from './past-change.ts';
import { printSelectors } from '../policy/selectors.ts';
import { shorten } from './shorten.ts';
import { VERSION } from '../text/version.ts';

/** Everything a node reports; undefined removes the annotation. */
export interface NodeReport {
  readonly state: State;
  readonly reason: string;
  readonly reasonCode: typeof ROLLBACK_INCOMPLETE | undefined;
  readonly desired: readonly string[] | undefined;
  /** Selectors of the profiles that count (policy/selectors.ts). */
  readonly profiles: readonly string[] | undefined;
  readonly running: readonly string[] | undefined;
  /** Sysctls for which the Node has a label; undefined leaves the labels as they are. */
  readonly allows: readonly string[] | undefined;
  readonly drift: Drift;
  readonly policyError: string | undefined;
  readonly desiredRevision: string | undefined;
  readonly appliedRevision: string | undefined;
  readonly failedRevision: string | undefined;
  /** RFC 3339. */
  readonly lastChange: string | undefined;
  /** Finished changes, oldest first; the annotation holds the last five. */
  readonly history: readonly PastChange[] | undefined;
}

/** What a pass that failed reports; without a code the one that the node shows stays. */
export type FailureReport = Pick<NodeReport, 'state' | 'reason'> & {
  readonly reasonCode?: typeof ROLLBACK_INCOMPLETE;
};

export interface NodePatch {
  readonly annotations: Readonly<Record<string, string | null>>;
  readonly labels: Readonly<Record<string, string | null>>;
}

type Texts = Readonly<Record<string, string>>;

/** All annotations of an object together may be 256 KiB. These limits leave most of it to others. */
const MAX_TEXT_BYTES = 1024;
const MAX_LIST_BYTES = 16 * 1024;

/** Returns the patch from the node's current annotations and labels to the report's; undefined when nothing differs. */
export function nodePatch(
  current: { readonly annotations: Texts; readonly labels: Texts },
  wanted: NodeReport,
): NodePatch | undefined {
  return patchOf(current, annotationsOf(wanted), wanted);
}

function patchOf(
  current: { readonly annotations: Texts; readonly labels: Texts },
  wanted: Readonly<Record<string, string | undefined>>,
  { state, allows }: Pick<NodeReport, 'state' | 'allows'>,
): NodePatch | undefined {
  const annotations = differences(current.annotations, wanted);
  const labels = differences(current.labels, {
    [KEYS.state]: state,
    ...allowsLabels(current.labels, allows),
  });
  return Object.keys(annotations).length + Object.keys(labels).length === 0
    ? undefined
    : { annotations, labels };
}

/** Returns the patch that shows a failure to observe the node; everything else that the node shows stays. */
export function failurePatch(
  current: { readonly annotations: Texts; readonly labels: Texts },
  { state, reason, reasonCode }: FailureReport,
): NodePatch | undefined {
  const code = reasonCode === undefined ? {} : { [KEYS.reasonCode]: reasonCode };
  const wanted = {
    [KEYS.state]: state,
    [KEYS.reason]: shorten(reason, MAX_TEXT_BYTES),
    [KEYS.version]: VERSION,
    ...code,
  };
  return patchOf(current, wanted, { state, allows: undefined });
}

/** Returns the labels of these sysctls, and undefined for each other one of the current labels. */
function allowsLabels(
  current: Texts,
  allows: readonly string[] | undefined,
): Readonly<Record<string, string | undefined>> {
  if (allows === undefined) {
    return {};
  }
  const shown = Object.keys(current).filter((key) => key.startsWith(ALLOWS_PREFIX));
  return {
    ...Object.fromEntries(shown.map((key) => [key, undefined])),
    ...Object.fromEntries(allows.map((name) => [ALLOWS_PREFIX + name, 'true'])),
  };
}

/** Returns the report's annotations; undefined for those that must be absent. */
export function annotationsOf(report: NodeReport): Readonly<Record<string, string | undefined>> {
  return {
    [KEYS.state]: report.state,
    [KEYS.reason]: shorten(report.reason, MAX_TEXT_BYTES),
    [KEYS.reasonCode]: report.reasonCode,
    [KEYS.desired]: listText(report.desired),
    [KEYS.profiles]: profilesText(report.profiles),
    [KEYS.running]: listText(report.running),
    [KEYS.drift]: driftText(report.drift),
    [KEYS.policyError]: report.policyError && shorten(report.policyError, MAX_TEXT_BYTES),
    [KEYS.desiredRevision]: report.desiredRevision,
    [KEYS.appliedRevision]: report.appliedRevision,
    [KEYS.failedRevision]: report.failedRevision,
    [KEYS.lastChange]: report.lastChange,
    [KEYS.history]: historyAnnotation(report.history),
    [KEYS.version]: VERSION,
    // The agent handles a retry request when it sees it, and removes it with the next report.
    [INPUT_KEYS.retry]: undefined,
  };
}

/**
 * Returns drift as text: `missing: a,b; unmanaged: c (KUBELET_EXTRA_ARGS in /etc/default/kubelet); pending restart: +a,-d`.
 * undefined when there is none.
 */
export function driftText(drift: Drift): string | undefined {
  const parts = [
    part('missing', drift.missing),
    part(
      'unmanaged',
      drift.unmanaged.map(({ pattern, origin }) => `${pattern} (${origin})`),
    ),
    part('pending restart', drift.pendingRestart),
  ].filter((text) => text !== undefined);
  return parts.length === 0 ? undefined : shorten(parts.join('; '), MAX_LIST_BYTES);
}

function part(title: string, entries: readonly string[]): string | undefined {
  return entries.length === 0 ? undefined : `${title}: ${entries.join(', ')}`;
}

/** An empty list is known, and becomes an empty annotation; undefined is not known. */
function listText(entries: readonly string[] | undefined): string | undefined {
  return entries && shorten(entries.join(','), MAX_LIST_BYTES);
}

function profilesText(selectors: readonly string[] = []): string | undefined {
  return selectors.length === 0 ? undefined : shorten(printSelectors(selectors), MAX_LIST_BYTES);
}

function differences(
  current: Texts,
  wanted: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string | null>> {
  const changed = Object.entries(wanted).filter(([key, value]) => current[key] !== value);
  return Object.fromEntries(changed.map(([key, value]) => [key, value ?? null]));
}
