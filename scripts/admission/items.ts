// One item of the base list, judged in CEL with the words of agent/sysctl/explain.ts.

import { ALLOWANCE, LONGEST_ALLOWANCE } from '../../agent/sysctl/allowance.ts';
import {
  AFTER_FLAG,
  COMMON_MISTAKES,
  FLAG,
  GRAMMAR_FIXES,
  ITEM_MESSAGES,
} from '../../agent/sysctl/explain.ts';
import { knownTo, namespacedAllowances } from '../../agent/sysctl/namespaces.ts';
import { NEWEST_KUBELET } from '../../agent/sysctl/version.ts';
import { bind, body, firstOf, hole, listOf, literal, pattern, quoted, re2, said } from './cel.ts';

const KNOWN = knownTo(NEWEST_KUBELET);
const NAME = pattern(re2(ALLOWANCE));

/** The source of an expression that matches an allowance of at most any length: a name or a pattern, and namespaced. */
export const ITEM = `(?:${namespaced()})`;

/** Returns an expression for what `validate` says of the item of this name, which no kubelet accepts and has no blanks around it. */
export function explained(item: string): string {
  return bind(
    'got',
    quoted(item),
    firstOf(
      [
        [`${item} == ''`, literal(ITEM_MESSAGES.empty)],
        [
          `bytes(${item}).size() > ${LONGEST_ALLOWANCE}`,
          said(ITEM_MESSAGES.tooLong(hole(0), LONGEST_ALLOWANCE), 'got'),
        ],
        [`!${item}.matches(${NAME})`, said(ITEM_MESSAGES.grammar(hole(0), hole(1)), 'got', fix(item))],
        [`${item} == '*'`, said(ITEM_MESSAGES.everything(hole(0)), 'got')],
      ],
      tooWide(item),
    ),
  );
}

function namespaced(): string {
  const rest = body(ALLOWANCE);
  // A spelling with slashes has them in place of all dots.
  const prefixes = KNOWN.prefixes.flatMap((prefix) => spellings(`${prefix}.`));
  const names = KNOWN.names.flatMap(spellings);
  return `(?:${prefixes.join('|')})${rest}|(?:${names.join('|')})\\*?`;
}

function spellings(name: string): readonly string[] {
  const isPair = name.split('.').length === 2;
  return isPair
    ? [name.replace('.', '[./]')]
    : [name.replaceAll('.', String.raw`\.`), name.replaceAll('.', '/')];
}

/** A name that is not namespaced, or a pattern above some that are. */
function tooWide(item: string): string {
  const dotted = `(${item}.matches('^[^./]*/') ? ${item}.replace('.', '|').replace('/', '.').replace('|', '/') : ${item})`;
  const isPattern = `${item}.endsWith('*')`;
  const above = firstOf(
    [[isPattern, said(ITEM_MESSAGES.above(hole(0), true, hole(1)), 'got', anyOf('below'))]],
    said(ITEM_MESSAGES.above(hole(0), false, hole(1)), 'got', anyOf('below')),
  );
  const covered =
    "all.exists(other, other != name && other.endsWith('*') && name.startsWith(other.substring(0, other.size() - 1)))";
  const known = listOf(namespacedAllowances(KNOWN));
  return bind(
    'all',
    `${known}.filter(name, name.startsWith(${dotted}.split('*')[0]))`,
    bind(
      'below',
      `all.filter(name, !${covered})`,
      firstOf([['below.size() == 0', said(ITEM_MESSAGES.notNamespaced(hole(0)), 'got')]], above),
    ),
  );
}

function anyOf(names: string): string {
  const last = `${names}[${names}.size() - 1]`;
  return `(${names}.size() == 1 ? ${names}[0] : ${names}.filter(name, name != ${last}).join(', ') + ' or ' + ${last})`;
}

function fix(item: string): string {
  const lower = `${item}.lowerAscii()`;
  const afterFlag = `${item}.substring(${item}.find(${pattern(re2(FLAG))}).size())`;
  const nameOnly = `rest.substring(0, rest.size() - rest.find(${pattern(re2(AFTER_FLAG))}).size())`;
  const flag = bind(
    'rest',
    afterFlag,
    bind(
      'name',
      nameOnly,
      firstOf(
        [[isName('name'), said(GRAMMAR_FIXES.flag(hole(0)), 'name')]],
        literal(GRAMMAR_FIXES.flagOfMany),
      ),
    ),
  );
  const mistakes = COMMON_MISTAKES.map(
    ([mistake, correction]) => [`${item}.matches(${pattern(re2(mistake))})`, literal(correction)] as const,
  );
  return firstOf(
    [
      [`${lower} != ${item} && ${isName(lower)}`, said(GRAMMAR_FIXES.lowercase(hole(0)), lower)],
      [`${item}.matches(${pattern(re2(FLAG))})`, flag],
      ...mistakes,
    ],
    literal(GRAMMAR_FIXES.other),
  );
}

function isName(text: string): string {
  return `(${text}.size() <= ${LONGEST_ALLOWANCE} && ${text}.matches(${NAME}))`;
}
