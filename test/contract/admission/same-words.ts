// Compares what the policies say with what `validate` says.

import { readList } from '../../../agent/policy/lists.ts';
import { ALL_KEYS, LIST_KEY } from '../../../agent/policy/parse.ts';
import type { PolicyError } from '../../../agent/policy/policy.ts';
import { CORRECT_IT } from '../../../agent/policy/settings.ts';
import { AS_EXAMPLE } from '../../../agent/policy/windows.ts';
import { ITEM_MESSAGES } from '../../../agent/sysctl/explain.ts';
import { judge } from '../../../agent/sysctl/judge.ts';
import { NEWEST_KUBELET } from '../../../agent/sysctl/version.ts';
import { policyErrorText } from '../../../agent/report/policy-error.ts';
import type { Data } from './config-maps.ts';

const GUESS = / Did you mean [^ ]+\?$/u;
/** What is said in place of a guess. CEL can guess no more than another case of the letters. */
const WITHOUT_GUESS = [
  ` ${CORRECT_IT}`,
  ` ${ALL_KEYS}`,
  ` ${AS_EXAMPLE}`,
  ITEM_MESSAGES.notNamespaced('').replace(/^.*got /u, ''),
];
/** What quote() escapes, and what CEL and JavaScript count or spell in two ways. */
const NOT_SHOWN = /\\[u\\nr]|[\u{10000}-\u{10ffff}\u212a]/u;

/** Returns the rest of the policy's text that is none of these errors; empty when it says nothing else. */
export function foreignWords(said: string, errors: readonly PolicyError[]): string {
  const patterns = errors.map((error) => patternOf(policyErrorText([error])));
  let rest = said;
  while (rest !== '') {
    const found = patterns.map((pattern) => pattern.exec(rest)?.[0]).find((text) => text !== undefined);
    if (found === undefined) return rest;
    rest = rest.slice(found.length).trimStart();
  }
  return '';
}

/** Returns what must be warned of for these nodes' kubelets and any kernel; undefined: nothing. */
export function warningFor(data: Data): string | undefined {
  const judged = readList(data[LIST_KEY] ?? '', LIST_KEY).map(({ pattern }) =>
    judge(pattern, { kubelet: NEWEST_KUBELET, kernel: undefined }),
  );
  const warned = judged.filter(({ warning }) => warning !== undefined);
  const [first] = warned;
  if (first === undefined) return undefined;
  const names = [...new Set(warned.map(({ pattern }) => pattern))].toSorted();
  const said = `${first.message}, but ${first.warning}.`;
  return `${LIST_KEY}: ${names.join(', ')}${names.length === 1 ? ' is ' : ': each is '}${said}`;
}

function patternOf(text: string): RegExp {
  if (NOT_SHOWN.test(text)) {
    const place = /^[^\n]*?line \d+: Expected [^"]*/u.exec(text)?.[0] ?? text;
    return new RegExp(`^${escape(place.replace(/\bgot .*$/u, ''))}.*?(?= \\w+, line \\d+: |$)`, 'u');
  }
  const whole = escape(text);
  if (!GUESS.test(text)) return new RegExp(`^${whole}(?= |$)`, 'u');
  const sure = escape(text.replace(GUESS, '').replace(/\.$/u, ''));
  const others = WITHOUT_GUESS.map((other) => escape(other)).join('|');
  return new RegExp(`^(?:${whole}|${sure}\\.?(?:${others}))(?= |$)`, 'u');
}

function escape(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/gu, String.raw`\$&`);
}
