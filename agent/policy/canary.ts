// The key `canary` when it names labels: key=value,key2=value2.

import { quote } from '../text/quote.ts';
import type { ErrorList } from './error-list.ts';
import { labelKeyProblem, labelValueProblem } from './labels.ts';

const KEY = 'canary';
/** Room for five labels of the longest kind, 380 characters each. */
export const LONGEST_CANARY = 2 * 1024;

type Labels = Readonly<Record<string, string>>;

/** Returns the labels of canary nodes; undefined when the text has no `=`, so is a number. Adds what is wrong to `errors`. */
export function readCanaryLabels(text: string, errors: ErrorList): Labels | undefined {
  if (!text.includes('=')) {
    return undefined;
  }
  if (text.length > LONGEST_CANARY) {
    errors.add(
      KEY,
      1,
      () =>
        `Expected ${KEY} to be at most ${LONGEST_CANARY} characters, got ${text.length}. Name fewer labels.`,
    );
    return {};
  }
  const labels = new Map<string, string>();
  for (const item of text.split(',').map((part) => part.trim())) {
    const [key = '', value, ...rest] = item.split('=').map((part) => part.trim());
    const problem = problemOf(item, [key, value, ...rest]) ?? duplicateProblem(key, labels);
    if (problem !== undefined) {
      errors.add(KEY, 1, () => problem);
    }
    labels.set(key, value ?? '');
  }
  return Object.fromEntries(labels);
}

/** Returns the message for an item, in quotes, that is not key=value. */
export function notLabels(got: string): string {
  return `Expected ${KEY} to name labels as key=value, separated by commas, got ${got}. Write it as in pool=canary.`;
}

function problemOf(
  item: string,
  [key, value, ...rest]: readonly [string, ...(string | undefined)[]],
): string | undefined {
  return value === undefined || rest.length > 0
    ? notLabels(quote(item))
    : (labelKeyProblem(key) ?? labelValueProblem(value));
}

function duplicateProblem(key: string, labels: ReadonlyMap<string, string>): string | undefined {
  return labels.has(key)
    ? `Expected ${KEY} to name each label once, got ${quote(key)} twice. A node has one value for each label. Keep one.`
    : undefined;
}
