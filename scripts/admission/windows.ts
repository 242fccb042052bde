// The windows, judged in CEL. Of a time zone only its form: the API server has no list of them.

import {
  AS_EXAMPLE,
  DAYS,
  LONGEST_WINDOWS,
  LONGEST_ZONE,
  MOST_WINDOWS,
  TIMES,
  WINDOW_MESSAGES,
  ZONE,
} from '../../agent/policy/windows.ts';
import { bind, BLANK, BLANKS, body, firstOf, firstThree, hole, pattern, quoted, re2, said } from './cel.ts';
import type { Variable } from './variable.ts';

const DAY = `(?:${DAYS.join('|')})`;
const RANGE = `${DAY}(?:-${DAY})?`;
const COMMENT = '(?:#.*)?$';
const EMPTY = `(?s)^${BLANKS}${COMMENT}`;
const WINDOW = `(?s)^${BLANKS}${RANGE}(?:,${RANGE})*${BLANK}+(?:${body(TIMES)})${BLANK}+(?:${body(ZONE)})${BLANKS}${COMMENT}`;
const WORD = `[^${BLANK.slice(1)}+`;

/** `windowErrors`. */
export const windowVariables: readonly Variable[] = [
  {
    name: 'windowLines',
    expression: `'windows' in variables.changed && variables.data['windows'].size() <= ${LONGEST_WINDOWS} ?
  variables.data['windows'].split('\\n') : []`,
  },
  {
    name: 'windows',
    why: 'More than the agents read are not judged.',
    expression: `variables.windowLines.filter(line, !line.matches(${pattern(EMPTY)}))`,
  },
  {
    name: 'badWindows',
    expression: `variables.windows.size() > ${MOST_WINDOWS} ? [] :
  variables.windows.filter(line, !line.matches(${pattern(WINDOW)}) ||
    (line.size() > ${LONGEST_ZONE} && line.split('#')[0].findAll(${pattern(WORD)})[2].size() > ${LONGEST_ZONE}))`,
  },
  {
    name: 'windowErrors',
    expression: firstThree(
      'variables.badWindows',
      'line',
      `\n  ${bind('words', `line.split('#')[0].findAll(${pattern(WORD)})`, `'windows, line ' + string(variables.windowLines.indexOf(line) + 1) + ': ' + ${explained()}`)}`,
    ),
  },
];

function explained(): string {
  const badRanges = `words[0].split(',').filter(range, !range.matches(${pattern(`^${RANGE}$`)}))`;
  return firstOf(
    [
      [`${badRanges}.size() > 0`, bind('range', `${badRanges}[0]`, badRange())],
      ['words.size() < 2', said(WINDOW_MESSAGES.times('nothing'))],
      [`!words[1].matches(${pattern(re2(TIMES))})`, said(WINDOW_MESSAGES.times(hole(0)), quoted('words[1]'))],
      [
        'words.size() < 3',
        bind('both', "words.join(' ')", said(WINDOW_MESSAGES.noZone(hole(0)), quoted('both'))),
      ],
      [
        'words.size() > 3',
        bind(
          'more',
          "words.join(' ').substring((words[0] + words[1] + words[2]).size() + 3)",
          said(WINDOW_MESSAGES.more(hole(0)), quoted('more')),
        ),
      ],
    ],
    said(WINDOW_MESSAGES.zone(hole(0)), quoted('words[2]')),
  );
}

/** A word that is no day, or a range of more than two days. */
function badRange(): string {
  const wrong = `range.split('-').filter(word, !word.matches(${pattern(`^${DAY}$`)}))`;
  const same = `${listOfDays()}.filter(day, day.lowerAscii() == wrong[0].substring(0, wrong[0].size() < 3 ? wrong[0].size() : 3).lowerAscii())`;
  const fix = `(${same}.size() == 1 ? 'Did you mean ' + ${same}[0] + '?' : '${AS_EXAMPLE}')`;
  return bind(
    'wrong',
    wrong,
    firstOf(
      [['wrong.size() > 0', said(WINDOW_MESSAGES.day(hole(0), hole(1)), quoted('wrong[0]'), fix)]],
      said(WINDOW_MESSAGES.range(hole(0)), quoted('range')),
    ),
  );
}

function listOfDays(): string {
  return `['${DAYS.join("', '")}']`;
}
