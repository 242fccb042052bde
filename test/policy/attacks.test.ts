// A ConfigMap is input from the network. Any content becomes either a short error or names that the kubelet's grammar
// accepts.

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePolicy } from '../../agent/policy/parse.ts';
import { SETTING_KEYS } from '../../agent/policy/settings.ts';
import { bundle } from '../../scripts/build.ts';
import { nodeFlags } from '../../scripts/fleet/coordinator/dockerfile.ts';
import { item } from '../sysctl/arbitraries.ts';
import { type Aftermath, aftermathOf } from './aftermath.ts';
import { HEAVY, HOSTILE_TEXTS, PROTOTYPE_KEYS } from './hostile.ts';

type Data = Readonly<Record<string, string>>;

const LIST = 'allowedUnsafeSysctls';
const GOOD = 'net.core.somaxconn';

/** Every place of the ConfigMap that takes a text. */
const PATHS: Readonly<Record<string, (text: string) => Data>> = {
  'the list': (text) => ({ [LIST]: text }),
  'the list, beside a good name': (text) => ({ [LIST]: `${GOOD}\n${text}` }),
  'the list, behind a comma': (text) => ({ [LIST]: `${GOOD},${text}` }),
  'the profiles': (text) => ({ [LIST]: GOOD, profiles: text }),
  "a profile's name": (text) => profileWith({ name: text }),
  "a profile's label": (text) => profileWith({ label: text }),
  "a profile's label value": (text) => profileWith({ value: text }),
  "a profile's list": (text) => profileWith({ list: text }),
  "a profile's list, unquoted": (text) => ({ profiles: profileText({ list: `[${text}]` }) }),
  "a profile's field": (text) => ({ profiles: `${profileText({})}  ${JSON.stringify(text)}: x\n` }),
  ...Object.fromEntries(SETTING_KEYS.map((key) => [key, (text) => ({ [LIST]: GOOD, [key]: text })])),
};

it.each(Object.entries(PATHS))('does no harm with a hostile text as %s', (_, dataWith) => {
  expect(HOSTILE_TEXTS.filter((text) => harmOf(dataWith(text)).length > 0)).toEqual([]);
});

describe('hostile texts', () => {
  it('are refused as items of the list, except comments and blanks around a name', () => {
    const accepted = HOSTILE_TEXTS.filter(
      (text) => aftermathOf({ [LIST]: `${GOOD}\n${text}` }).outcome !== 'errors',
    );
    expect(accepted).toEqual(['net.core.somaxconn\r', '\ufeffnet.*', '#', '\n']);
  });

  it('do no harm in any number, order and place', () => {
    const text = fc.oneof(
      fc.constantFrom(...HOSTILE_TEXTS),
      item,
      fc.string({ unit: 'binary', maxLength: 20 }),
    );
    const texts = fc.array(text, { maxLength: 4 }).map((parts) => parts.join(''));
    const data = fc.tuple(
      fc.constantFrom(...Object.values(PATHS)),
      texts,
      fc.constantFrom(...Object.values(PATHS)),
      texts,
    );
    fc.assert(
      fc.property(data, ([first, one, second, other]) => {
        expect(harmOf({ ...first(one), ...second(other) })).toEqual([]);
      }),
    );
  });

  it('do no harm as YAML of any shape', () => {
    const token = fc.constantFrom(...YAML_TOKENS, ...HOSTILE_TEXTS);
    fc.assert(
      fc.property(fc.array(token, { maxLength: 30 }), (tokens) => {
        expect(harmOf({ [LIST]: GOOD, profiles: tokens.join('') })).toEqual([]);
      }),
    );
  });
});

describe('keys of Object.prototype', () => {
  it.each(PROTOTYPE_KEYS)('are unknown keys like any other: %s', (key) => {
    const data: Data = JSON.parse(`{"${LIST}": "${GOOD}", "${key}": "{\\"polluted\\": true}"}`);
    const { errors } = harmless(data);
    expect(errors).toEqual([{ key, line: 1, message: expect.stringContaining(`got "${key}"`) }]);
  });

  it.each(PROTOTYPE_KEYS)("are unknown fields of a profile and match no node's label: %s", (key) => {
    expect(harmless({ profiles: `${profileText({})}  ${key}: {polluted: true}\n` }).outcome).toBe('errors');
    expect(['errors', 'nothing to do']).toContain(
      harmless({ [LIST]: 'net.ipv4.tcp_rmem', ...profileWith({ label: key, list: 'net.never' }) }).outcome,
    );
  });
});

describe('settings', () => {
  const HOSTILE_SETTINGS = [
    '1e309',
    '-1e309',
    '1e21',
    '1e+21',
    '0x10',
    '0b1',
    '0o7',
    '1_0',
    '+1',
    '-0',
    '01',
    '1.0',
    'Infinity',
    'NaN',
    '9007199254740993',
    '9'.repeat(400),
    '`10`',
    '`',
    '"10"',
    "'10'",
    '${HOME}',
    '$HOME',
    '10*',
    '1,0',
    '10\n20',
    '10 # ten',
    '١',
    '１',
    'null',
    'undefined',
    '[]',
    '{}',
    'true',
    '\u00a01\u00001',
  ];

  it.each(['nodeSoakSeconds', 'maxUnavailable', 'canary', 'soakSeconds', 'failureThreshold'])(
    'accept a plain whole number and no other spelling: %s',
    (key) => {
      const accepted = HOSTILE_SETTINGS.filter(
        (text) => harmless({ [LIST]: GOOD, [key]: text }).outcome !== 'errors',
      );
      expect(accepted).toEqual([]);
      expect(harmless({ [LIST]: GOOD, [key]: '10' }).outcome).toBe('plan');
    },
  );

  it.each(['mode', 'paused', 'unmanaged', 'inUse', 'rollout'])(
    'accept only the words of the key: %s',
    (key) => {
      const words = [
        'Enforce*',
        '`Enforce`',
        '`true`',
        'true*',
        'true,',
        'truE\0',
        'Keep\nRemove',
        '"Block"',
        'toString',
        ...HOSTILE_SETTINGS,
      ];
      const accepted = words.filter((text) => harmless({ [LIST]: GOOD, [key]: text }).outcome !== 'errors');
      expect(accepted).toEqual(key === 'paused' ? ['true'] : []);
    },
  );

  it('accept no hostile text as windows, except comments and blanks', () => {
    const texts = [...HOSTILE_TEXTS, ...HOSTILE_SETTINGS].filter((text) => !/^\s*(#|$)/u.test(text));
    const accepted = texts.filter((text) => harmless({ [LIST]: GOOD, windows: text }).outcome !== 'errors');
    expect(accepted).toEqual([]);
  });

  it('accept as a canary label only what a node can carry', () => {
    const texts = [...HOSTILE_TEXTS, ...HOSTILE_SETTINGS].filter((text) => /[^-\w.,\s]/u.test(text));
    const accepted = texts.filter(
      (text) => harmless({ [LIST]: GOOD, canary: `a=${text}` }).outcome !== 'errors',
    );
    expect(accepted).toEqual([]);
  });

  it('never change the environment of the process', () => {
    const before = { ...process.env };
    for (const text of [...HOSTILE_SETTINGS, 'true', 'Enforce', '5']) {
      for (const key of SETTING_KEYS) parsePolicy({ [LIST]: GOOD, [key]: text });
    }
    expect({ ...process.env }).toEqual(before);
  });
});

// The flags of the image (Dockerfile), with which code is interpreted and slow, and less heap than the container has.
const NODE_FLAGS = [...nodeFlags(), '--max-semi-space-size=1'];
/** CPU time. On a busy machine the most was 0.4 s. */
const MOST_CPU_MS = 2_000;
const HEAVY_TIMEOUT_MS = 300_000;

describe('a ConfigMap that is long or deep', () => {
  it(
    'does no harm and costs little time and memory with the flags of the agent',
    async () => {
      const costs = await costsOfHeavy();
      expect(costs.map(({ title }) => title)).toEqual(Object.keys(HEAVY));
      expect(costs.filter(({ harm, cpuMs }) => harm.length > 0 || cpuMs > MOST_CPU_MS)).toEqual([]);
    },
    HEAVY_TIMEOUT_MS,
  );
});

const YAML_TOKENS = [
  '- ',
  '? ',
  ': ',
  '\n',
  '\n  ',
  '\n    ',
  '{',
  '}',
  '[',
  ']',
  ', ',
  '&a ',
  '*a',
  '!!map ',
  '!!set ',
  '!!omap ',
  '!!binary ',
  '!x ',
  '|',
  '>',
  '|+2',
  '"',
  "'",
  '#',
  '---\n',
  '...\n',
  '%YAML 1.1\n',
  '%TAG ! x\n',
  '<<',
  '\t',
  'name',
  'nodeSelector',
  LIST,
  'a',
  GOOD,
  '~',
  '0x1F',
  '.inf',
  '2001-01-01',
  'y',
  '\u0085',
] as const;

type Cost = Pick<Aftermath, 'outcome' | 'harm'> & { readonly title: string; readonly cpuMs: number };

/** Runs in a separate process; rejects when that runs out of heap. */
async function costsOfHeavy(): Promise<readonly Cost[]> {
  const folder = await mkdtemp(join(tmpdir(), 'attacks-'));
  try {
    const program = join(folder, 'attacks.mjs');
    await writeFile(program, await bundle(join(import.meta.dirname, 'attacks-main.ts')));
    const { stdout } = await promisify(execFile)(process.execPath, [...NODE_FLAGS, program]);
    return JSON.parse(stdout);
  } finally {
    await rm(folder, { recursive: true });
  }
}

interface ProfileParts {
  readonly name?: string;
  readonly label?: string;
  readonly value?: string;
  readonly list?: string;
}

/** Returns a valid profile except for the given parts, each quoted as JSON, which YAML reads. */
function profileWith(parts: ProfileParts): Data {
  const quoted = Object.entries(parts).map(([part, text]) => [part, JSON.stringify(text)]);
  return { profiles: profileText(Object.fromEntries(quoted)) };
}

function profileText({ name = 'a', label = 'a', value = 'b', list = GOOD }: ProfileParts): string {
  return `- name: ${name}\n  nodeSelector: {? ${label} : ${value}}\n  ${LIST}: ${list}\n`;
}

function harmOf(data: Data): readonly string[] {
  return aftermathOf(data).harm;
}

/** Throws when the data does any harm. */
function harmless(data: Data): Aftermath {
  const aftermath = aftermathOf(data);
  if (aftermath.harm.length > 0) throw new Error(`Expected no harm, got ${aftermath.harm.join('; ')}.`);
  return aftermath;
}
