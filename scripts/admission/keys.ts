// The ConfigMap's keys and scalars, judged in CEL.

import { ALL_KEYS, DOCUMENTATION_KEY, KNOWN_KEYS, POLICY_MESSAGES } from '../../agent/policy/parse.ts';
import {
  CORRECT_IT,
  EXPECTED,
  LONGEST_NODE_SOAK_SECONDS,
  LONGEST_SOAK_SECONDS,
  notThis,
  SCALAR_KEYS,
  type ScalarKey,
} from '../../agent/policy/settings.ts';
import {
  bind,
  BLANKS,
  firstThree,
  hole,
  listOf,
  literal,
  mapOf,
  pattern,
  quoted,
  said,
  trimmed,
} from './cel.ts';
import type { Variable } from './variable.ts';

/** As many digits as the greatest safe integer has. */
const WHOLE = '(?:0|[1-9][0-9]{0,15})';
const FROM_ONE = '[1-9][0-9]{0,15}';
const QUANTITY = `(?:${FROM_ONE}|(?:100|[1-9][0-9]?)%)`;
/** The agents ignore the case of these. */
const FLAG = '(?i:true|false)';

const GRAMMAR: Readonly<Record<ScalarKey, string>> = {
  mode: wordsOf('mode'),
  paused: FLAG,
  unmanaged: wordsOf('unmanaged'),
  inUse: wordsOf('inUse'),
  nodeSoakSeconds: WHOLE,
  openShiftConfigDir: FLAG,
  maxUnavailable: QUANTITY,
  canary: WHOLE,
  soakSeconds: WHOLE,
  failureThreshold: QUANTITY,
  rollout: wordsOf('rollout'),
};

const MOST: Readonly<Partial<Record<ScalarKey, number>>> = {
  nodeSoakSeconds: LONGEST_NODE_SOAK_SECONDS,
  maxUnavailable: Number.MAX_SAFE_INTEGER,
  canary: Number.MAX_SAFE_INTEGER,
  soakSeconds: LONGEST_SOAK_SECONDS,
  failureThreshold: Number.MAX_SAFE_INTEGER,
};

const SCALAR = 'variables.data[key]';

/** `keyErrors` and `scalarErrors`: what is wrong with the keys that this request changes. */
export const keyVariables: readonly Variable[] = [
  { name: 'knownKeys', expression: listOf(KNOWN_KEYS) },
  {
    name: 'unknownKeys',
    expression: `variables.changed.filter(key, !(key in variables.knownKeys || key == ${literal(DOCUMENTATION_KEY)}))`,
  },
  { name: 'keyErrors', expression: firstThree('variables.unknownKeys', 'key', unknownKey()) },
  {
    name: 'scalarGrammar',
    expression: mapOf(eachKey((key) => pattern(`^${BLANKS}${GRAMMAR[key]}${BLANKS}$`))),
  },
  { name: 'scalarText', expression: mapOf(eachKey((key) => literal(EXPECTED[key].text))) },
  { name: 'scalarWords', expression: mapOf(eachKey((key) => listOf(EXPECTED[key].words))) },
  {
    name: 'scalarMost',
    expression: mapOf(Object.fromEntries(Object.entries(MOST).map(([key, most]) => [key, String(most)]))),
  },
  {
    name: 'scalarErrors',
    why: 'A canary that has an = names labels.',
    expression: `${listOf(SCALAR_KEYS)}
  .filter(key, key in variables.changed && !(key == 'canary' && ${SCALAR}.contains('=')))
  .filter(key, !${SCALAR}.matches(variables.scalarGrammar[key]) ||
    (key in variables.scalarMost && int(${SCALAR}.find('[0-9]+')) > variables.scalarMost[key]))
  .map(key, ${scalarMessage()})`,
  },
];

function unknownKey(): string {
  const same = 'variables.knownKeys.filter(word, word.lowerAscii() == key.lowerAscii())';
  const fix = `(${same}.size() == 1 ? 'Did you mean ' + ${same}[0] + '?' : ${literal(ALL_KEYS)})`;
  return `key + ', line 1: ' + ${said(POLICY_MESSAGES.unknownKey(hole(0), hole(1)), quoted('key'), fix)}`;
}

function scalarMessage(): string {
  const text = 'text';
  const same = `variables.scalarWords[key].filter(word, word.lowerAscii() == ${text}.lowerAscii())`;
  const got = `(${text} == '' ? 'nothing' : ${quoted(text)})`;
  const fix = `(${same}.size() == 1 ? 'Did you mean ' + ${same}[0] + '?' : ${literal(CORRECT_IT)})`;
  const message = notThis({ key: hole(0), text: hole(1), got: hole(2), fix: hole(3) });
  const words = said(message, 'key', 'variables.scalarText[key]', got, fix);
  return bind('text', trimmed(SCALAR), `key + ', line 1: ' + ${words}`);
}

function eachKey(expression: (key: ScalarKey) => string): Readonly<Record<string, string>> {
  return Object.fromEntries(SCALAR_KEYS.map((key) => [key, expression(key)]));
}

function wordsOf(key: ScalarKey): string {
  return `(?:${EXPECTED[key].words.join('|')})`;
}
