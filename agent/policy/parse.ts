// Parses the ConfigMap's data into a policy, or into all of its errors at once.

import { allowanceProblem, isAllowance } from '../sysctl/allowance.ts';
import { NEWEST_KUBELET, type Version } from '../sysctl/version.ts';
import { closest } from '../text/closest.ts';
import { quote } from '../text/quote.ts';
import { ErrorList } from './error-list.ts';
import { readList } from './lists.ts';
import type { Entry, PolicyResult } from './policy.ts';
import { PROFILES_KEY } from './profile-fields.ts';
import { readProfiles } from './profiles.ts';
import { readSettings, SETTING_KEYS } from './settings.ts';

export const LIST_KEY = 'allowedUnsafeSysctls';
/** The manifests in daemonset/ document the other keys under this one. */
export const DOCUMENTATION_KEY = '_example';
export const KNOWN_KEYS = [LIST_KEY, PROFILES_KEY, ...SETTING_KEYS];

// One word of a command line holds 128 KiB, and a Node's annotations 256 KiB, which hold the list up to three times.
// This limit is far below both, which leaves room for what others put there.
export const LONGEST_LIST = 32 * 1024;
// Room for comments and duplicate names. Without a limit, a list of commas would fill the agent's memory.
export const LONGEST_BASE = 128 * 1024;

export const ALL_KEYS = `The keys are ${KNOWN_KEYS.join(', ')}.`;

/** Messages about the ConfigMap as a whole; `got` is a key in quotes. */
export const POLICY_MESSAGES = {
  unknownKey: (got: string, fix: string): string => `Expected a key of the policy, got ${got}. ${fix}`,
  empty: `Expected ${LIST_KEY} or ${PROFILES_KEY} to name a sysctl, got none. The ConfigMap names no allowance, so no node is changed. Name one, or set mode: Restore to remove every allowance of the agent.`,
} as const;

type Data = Readonly<Record<string, string>>;

export interface Inspection {
  /** Every item that the ConfigMap names, valid or not, in order: the base list, then each profile's. */
  readonly entries: readonly Entry[];
  readonly result: PolicyResult;
}

/**
 * Parses the ConfigMap's `data`. An allowance is valid when NEWEST_KUBELET accepts it; `desiredFor` finds those that a
 * node's older kubelet refuses.
 */
export function parsePolicy(data: Data): PolicyResult {
  return inspectPolicy(data, NEWEST_KUBELET).result;
}

/** Parses the ConfigMap's `data` like `parsePolicy`, but judges allowances by the given kubelet. */
export function inspectPolicy(data: Data, kubelet: Version): Inspection {
  const errors = new ErrorList();
  findUnknownKeys(data, errors);
  const base = readBase(valueOf(data, LIST_KEY) ?? '', errors);
  checkEntries(base, kubelet, errors);
  const profiles = readProfiles(valueOf(data, PROFILES_KEY) ?? '', errors);
  const entries = [...base, ...profiles.flatMap((profile) => profile.entries)];
  checkEntries(entries.slice(base.length), kubelet, errors);
  const settings = readSettings(data, errors);
  checkSize(entries, errors);
  checkNotEmpty(data, entries, errors);
  if (settings === undefined || !errors.isEmpty) {
    return { entries, result: { ok: false, errors: errors.list() } };
  }
  return { entries, result: { ok: true, policy: { entries: base, profiles, settings } } };
}

function findUnknownKeys(data: Data, errors: ErrorList): void {
  const unknown = Object.keys(data).filter(
    (name) => !KNOWN_KEYS.includes(name) && name !== DOCUMENTATION_KEY,
  );
  for (const key of unknown) {
    errors.add(key, 1, () => {
      const meant = closest(key, KNOWN_KEYS);
      return POLICY_MESSAGES.unknownKey(
        quote(key),
        meant === undefined ? ALL_KEYS : `Did you mean ${meant}?`,
      );
    });
  }
}

function readBase(text: string, errors: ErrorList): readonly Entry[] {
  if (text.length <= LONGEST_BASE) {
    return readList(text, LIST_KEY);
  }
  errors.add(
    LIST_KEY,
    1,
    () =>
      `Expected ${LIST_KEY} to be at most ${LONGEST_BASE} characters, comments included, got ${text.length}. Use patterns such as net.ipv4.tcp_*.`,
  );
  return [];
}

function checkEntries(entries: readonly Entry[], kubelet: Version, errors: ErrorList): void {
  for (const { pattern, key, line } of entries) {
    if (!isAllowance(pattern, kubelet)) {
      errors.add(key, line, () => allowanceProblem(pattern, kubelet) ?? '');
    }
  }
}

function checkSize(entries: readonly Entry[], errors: ErrorList): void {
  const length = [...new Set(entries.map(({ pattern }) => pattern))].join(',').length;
  if (length > LONGEST_LIST) {
    errors.add(
      '',
      1,
      () =>
        `Expected all names together to be at most ${LONGEST_LIST} characters, got ${length}. A kubelet's command line and a Node's annotations hold no more. Use patterns such as net.ipv4.tcp_*.`,
    );
  }
}

// A list that was emptied by accident must not remove every allowance from every node.
function checkNotEmpty(data: Data, entries: readonly Entry[], errors: ErrorList): void {
  const wantsNothing = closest(valueOf(data, 'mode')?.trim() ?? '', ['Restore']) !== undefined;
  if (entries.length === 0 && !wantsNothing && !errors.has(LIST_KEY) && !errors.has(PROFILES_KEY)) {
    errors.add(Object.hasOwn(data, LIST_KEY) ? LIST_KEY : '', 1, () => POLICY_MESSAGES.empty);
  }
}

function valueOf(data: Data, key: string): string | undefined {
  return Object.hasOwn(data, key) ? data[key] : undefined;
}
