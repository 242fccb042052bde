// The ConfigMap's scalars: how the agents act, and the pace of the rollout.

import { parse } from 'dotenv-parse';
import * as v from 'valibot';
import { closest } from '../text/closest.ts';
import { anyOf, quote } from '../text/quote.ts';
import { readCanaryLabels } from './canary.ts';
import type { ErrorList } from './error-list.ts';
import {
  type Canary,
  IN_USE,
  MODES,
  type Pace,
  type Quantity,
  ROLLOUTS,
  type Settings,
  UNMANAGED,
} from './policy.ts';
import { readWindows } from './windows.ts';

/** An agent that gets SIGTERM finishes its change first, within its pod's grace period. */
export const LONGEST_NODE_SOAK_SECONDS = 60;
/** 30 days. A longer soak is a mistake in the unit of time. */
export const LONGEST_SOAK_SECONDS = 2_592_000;

export const DEFAULT_PACE: Pace = {
  rollout: 'Coordinated',
  maxUnavailable: { kind: 'percent', percent: 10 },
  canary: { kind: 'count', count: 1 },
  soakSeconds: 60,
  failureThreshold: { kind: 'count', count: 1 },
  windows: [],
};

const QUANTITY = v.union([wholeNumber(1), v.pipe(v.string(), v.regex(/^(100|[1-9]\d?)%$/u))]);
const QUANTITY_TEXT = 'a whole number from 1, or a percentage from 1% to 100%';

const SCALARS = v.object({
  mode: v.optional(v.picklist(MODES), 'Enforce'),
  paused: v.optional(v.boolean(), false),
  unmanaged: v.optional(v.picklist(UNMANAGED), 'Keep'),
  inUse: v.optional(v.picklist(IN_USE), 'Block'),
  nodeSoakSeconds: v.optional(wholeNumber(0, LONGEST_NODE_SOAK_SECONDS), 10),
  openShiftConfigDir: v.optional(v.boolean(), false),
  maxUnavailable: v.optional(QUANTITY),
  canary: v.optional(wholeNumber(0)),
  soakSeconds: v.optional(wholeNumber(0, LONGEST_SOAK_SECONDS), DEFAULT_PACE.soakSeconds),
  failureThreshold: v.optional(QUANTITY),
  rollout: v.optional(v.picklist(ROLLOUTS), DEFAULT_PACE.rollout),
});

/** Every valid one is shorter, and dotenv-parse is slow for long ones. */
const LONGEST_SCALAR = 100;

export type ScalarKey = keyof typeof SCALARS.entries;

/** What each scalar must be: as text, and as words where it is one of them. */
export const EXPECTED: Readonly<
  Record<ScalarKey, { readonly text: string; readonly words: readonly string[] }>
> = {
  mode: choice(MODES),
  paused: choice(['true', 'false']),
  unmanaged: choice(UNMANAGED),
  inUse: choice(IN_USE),
  nodeSoakSeconds: {
    text: `a whole number of seconds from 0 to ${LONGEST_NODE_SOAK_SECONDS}`,
    words: [],
  },
  openShiftConfigDir: choice(['true', 'false']),
  maxUnavailable: { text: QUANTITY_TEXT, words: [] },
  canary: { text: 'a whole number from 0, or labels such as pool=canary', words: [] },
  soakSeconds: { text: `a whole number of seconds from 0 to ${LONGEST_SOAK_SECONDS}`, words: [] },
  failureThreshold: { text: QUANTITY_TEXT, words: [] },
  rollout: choice(ROLLOUTS),
};

export const SCALAR_KEYS = v.keyof(SCALARS).options;

export const SETTING_KEYS: readonly string[] = [...SCALAR_KEYS, 'windows'];

/**
 * Returns the settings, with safe defaults for keys that are absent; undefined when a scalar is not valid. Adds to `errors`
 * what is wrong with the scalars, the windows and the canaries' labels.
 */
export function readSettings(
  data: Readonly<Record<string, string>>,
  errors: ErrorList,
): Settings | undefined {
  const labels = readCanaryLabels(valueOf(data, 'canary') ?? '', errors);
  const windows = readWindows(valueOf(data, 'windows') ?? '', errors);
  const given = SCALAR_KEYS.filter(
    (key) => Object.hasOwn(data, key) && !(key === 'canary' && labels !== undefined),
  );
  const typed = Object.fromEntries(given.map((key) => [key, typeScalar(data[key] ?? '')]));
  const result = v.safeParse(SCALARS, typed);
  if (!result.success) {
    const wrong = new Set(result.issues.map((issue) => v.getDotPath(issue)));
    for (const key of given.filter((name) => wrong.has(name))) {
      errors.add(key, 1, () => complaint(key, data[key] ?? ''));
    }
    return undefined;
  }
  const { maxUnavailable, canary, soakSeconds, failureThreshold, rollout, ...settings } = result.output;
  const byNumber: Canary = canary === undefined ? DEFAULT_PACE.canary : { kind: 'count', count: canary };
  return {
    ...settings,
    pace: {
      rollout,
      maxUnavailable: quantityOf(maxUnavailable) ?? DEFAULT_PACE.maxUnavailable,
      canary: labels === undefined ? byNumber : { kind: 'selector', labels },
      soakSeconds,
      failureThreshold: quantityOf(failureThreshold) ?? DEFAULT_PACE.failureThreshold,
      windows,
    },
  };
}

function quantityOf(typed: string | number | undefined): Quantity | undefined {
  if (typed === undefined) {
    return undefined;
  }
  return typeof typed === 'string'
    ? { kind: 'percent', percent: Number(typed.slice(0, -1)) }
    : { kind: 'count', count: typed };
}

function valueOf(data: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(data, key) ? data[key] : undefined;
}

// dotenv-parse drops a trailing *, unwraps backticks, reads 0x10 and 1e3 as numbers and skips empty values. A value
// that does not print as it was written stays a string, which the schema refuses.
function typeScalar(written: string): unknown {
  const text = written.trim();
  if (text.length > LONGEST_SCALAR) return written;
  const { value } = parse({ value: text }, { assignToProcessEnv: false });
  return String(value).toLowerCase() === text.toLowerCase() ? value : written;
}

function complaint(key: ScalarKey, written: string): string {
  const { text, words } = EXPECTED[key];
  const got = written.trim() === '' ? 'nothing' : quote(written.trim());
  const meant = closest(written.trim(), words);
  return notThis({ key, text, got, fix: meant === undefined ? CORRECT_IT : `Did you mean ${meant}?` });
}

/** The fix for a scalar where it is not known what was meant. */
export const CORRECT_IT = 'Correct it, or remove the key to use the default.';

/** Returns the message for a scalar; `got` is its value in quotes. */
export function notThis(scalar: Readonly<Record<'key' | 'text' | 'got' | 'fix', string>>): string {
  return `Expected ${scalar.key} to be ${scalar.text}, got ${scalar.got}. ${scalar.fix}`;
}

function choice(words: readonly string[]): { readonly text: string; readonly words: readonly string[] } {
  return { text: anyOf(words), words };
}

function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER) {
  return v.pipe(v.number(), v.safeInteger(), v.minValue(least), v.maxValue(most));
}
