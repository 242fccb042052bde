// The key canary where it names labels, judged in CEL. A key's domain is not measured: one that is too long passes.

import { LONGEST_CANARY, notLabels } from '../../agent/policy/canary.ts';
import { DOMAIN, LABEL_MESSAGES, LONGEST_WORD, WORD } from '../../agent/policy/labels.ts';
import { bind, BLANKS, body, firstOf, firstThree, hole, pattern, quoted, said, trimmed } from './cel.ts';
import type { Variable } from './variable.ts';

const LABEL = body(WORD);
const KEY = `(?:${body(DOMAIN)}/)?${LABEL}`;
const VALUE = `(?:${LABEL})?`;
const TEXT = "variables.data['canary']";

/** `canaryErrors`. */
export const canaryVariables: readonly Variable[] = [
  {
    name: 'badLabels',
    expression: `!('canary' in variables.changed && ${TEXT}.contains('=') && ${TEXT}.size() <= ${LONGEST_CANARY}) ? [] :
  ${TEXT}.split(',').filter(item, !item.matches(${pattern(`^${BLANKS}${KEY}${BLANKS}=${BLANKS}${VALUE}${BLANKS}$`)}) ||
    ${isLong(trimmed("item.split('=')[0]"))} || ${isLong(trimmed("item.split('=')[1]"))})`,
  },
  {
    name: 'canaryErrors',
    expression: firstThree(
      'variables.badLabels',
      'item',
      `\n  ${bind('parts', "item.split('=')", `'canary, line 1: ' + ${explained()}`)}`,
    ),
  },
];

function explained(): string {
  const key = trimmed('parts[0]');
  const value = trimmed('parts[1]');
  return firstOf(
    [
      ['parts.size() != 2', bind('text', trimmed('item'), said(notLabels(hole(0)), quoted('text')))],
      [
        `!${key}.matches(${pattern(`^${KEY}$`)}) || ${isLong(key)}`,
        bind('text', key, said(LABEL_MESSAGES.key(hole(0)), quoted('text'))),
      ],
    ],
    bind('text', value, said(LABEL_MESSAGES.value(hole(0)), quoted('text'))),
  );
}

function isLong(text: string): string {
  return `${text}.split('/')[${text}.split('/').size() - 1].size() > ${LONGEST_WORD}`;
}
