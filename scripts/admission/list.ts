// The base list, judged in CEL.

import { LIST_KEY, LONGEST_BASE, POLICY_MESSAGES } from '../../agent/policy/parse.ts';
import { PROFILES_KEY } from '../../agent/policy/profile-fields.ts';
import { LONGEST_ALLOWANCE } from '../../agent/sysctl/allowance.ts';
import { bind, BLANKS, firstThree, listOf, literal, pattern, trimmed } from './cel.ts';
import { explained, ITEM } from './items.ts';
import type { Variable } from './variable.ts';

const KEY = literal(LIST_KEY);
/** Items, each with a comma after it unless a comment or the line's end follows; see readList. */
const LINE = `(?s)^${BLANKS}(?:${ITEM}${BLANKS}(?:,${BLANKS}|(?:#.*)?$))*(?:#.*)?$`;
/** The items of a `line`, with the blanks around them. */
export const ITEMS = "line.split('#')[0].split(',')";
const IS_LONG = `${trimmed('item')}.size() > ${LONGEST_ALLOWANCE}`;

/** Returns `lines`: those of a base list that the request changes, and that has at most this many characters. */
export function linesOf(longest: number): Variable {
  return {
    name: 'lines',
    expression: `${KEY} in variables.changed && variables.data[${KEY}].size() <= ${longest} ?
  variables.data[${KEY}].split('\\n') : []`,
  };
}

/** `listErrors` and `emptyErrors`. */
export const listVariables: readonly Variable[] = [
  linesOf(LONGEST_BASE),
  {
    name: 'badLines',
    expression: `variables.lines.filter(line, !line.matches(${pattern(LINE)}) ||
  (line.size() > ${LONGEST_ALLOWANCE} && ${ITEMS}.exists(item, ${IS_LONG})))`,
  },
  {
    name: 'listErrors',
    expression: firstThree(
      'variables.badLines',
      'line',
      `\n  ${bind('item', firstBadItem(), `'${LIST_KEY}, line ' + string(variables.lines.indexOf(line) + 1) + ': ' + ${explained('item')}`)}`,
    ),
  },
  {
    name: 'emptyErrors',
    why: 'A ConfigMap without the key is a new installation.',
    expression: `${KEY} in variables.changed &&
  variables.data[${KEY}].size() <= ${LONGEST_BASE} &&
  variables.lines.all(line, line.matches(${pattern(`(?s)^${BLANKS}(?:#.*)?$`)})) &&
  variables.data[?'${PROFILES_KEY}'].orValue('').matches(${pattern(`^${BLANKS}$`)}) &&
  ${trimmed(`variables.data[?'mode'].orValue('Enforce')`)} in ${listOf(['Enforce', 'Observe'])} ?
  [${literal(`${LIST_KEY}, line 1: ${POLICY_MESSAGES.empty}`)}] : []`,
  },
];

function firstBadItem(): string {
  const bad = `${ITEMS}.filter(item, !item.matches(${pattern(`^${BLANKS}${ITEM}${BLANKS}$`)}) || ${IS_LONG})[0]`;
  return trimmed(bad);
}
