// The key `canary` when it names labels: key=value,key2=value2.

import { quote } from '../text/quote.ts';
import type { ErrorList } from './error-list.ts';
import { labelKeyProblem, labelValueProblem } from './labels.ts';

const KEY = 'canary';
/** Room for some of the longest labels there can be, each of 380 characters. */
const LONGEST_TEXT = 2 * 1024;

type Labels = Readonly<Record<string, string>>;

/** The labels that a canary carries; undefined when the text names none. What is wrong with them goes into `errors`. */
export function readCanaryLabels(text: string, errors: ErrorList): Labels | undefined {
  if (!text.includes('=')) {
    return undefined;
  }
  if (text.length > LONGEST_TEXT) {
    errors.add(
      KEY,
      1,
      () =>
        `Expected ${KEY} to be at most ${LONGEST_TEXT} characters, got ${text.length}; name fewer labels.`,
    );
    return {};
  }
  const labels = new Map<string, string>();
  for (const item of text.split(',').map((part) => part.trim())) {
    const [key = '', value, ...rest] = item.split('=').map((part) => part.trim());
    const problem = problemOf(item, [key, value, ...rest]) ?? twice(key, labels);
    if (problem !== undefined) {
      errors.add(KEY, 1, () => problem);
    }
    labels.set(key, value ?? '');
  }
  return Object.fromEntries(labels);
}

function problemOf(
  item: string,
  [key, value, ...rest]: readonly [string, ...(string | undefined)[]],
): string | undefined {
  return value === undefined || rest.length > 0
    ? `Expected ${KEY} to name labels as key=value, separated by commas, got ${quote(item)}; write it as in pool=canary.`
    : (labelKeyProblem(key) ?? labelValueProblem(value));
}

function twice(key: string, labels: ReadonlyMap<string, string>): string | undefined {
  return labels.has(key)
    ? `Expected ${KEY} to name each label once, got ${quote(key)} twice; no node carries two values of one label.`
    : undefined;
}
