// Contents of the ConfigMap that an attacker or a broken generator could write.

import { Lexer } from 'yaml';

/** Texts that are not sysctl names, each dangerous to a program that trusts its input. */
export const HOSTILE_TEXTS: readonly string[] = [
  "net.core.somaxconn'\nKUBELET_EXTRA_ARGS=--anonymous-auth=true",
  'net.core.somaxconn"\nEVIL="1',
  'net.core.somaxconn\\\n--anonymous-auth=true',
  'net.core.somaxconn --anonymous-auth=true',
  '--anonymous-auth=true',
  '--allowed-unsafe-sysctls=*',
  'net.* --v=10',
  "net.*' --v=10 '",
  '$(touch /run/pwned)',
  '`touch /run/pwned`',
  '${HOME}',
  '$KUBELET_KUBEADM_ARGS',
  '; touch /run/pwned',
  '| touch /run/pwned',
  '&& touch /run/pwned #',
  'net.core.somaxconn;touch /run/pwned',
  'net.*%n%s',
  '%n%i%H',
  'net.core.\0somaxconn',
  '\0',
  'net.core.somaxconn\r',
  'net.core\u2028somaxconn',
  'net.cоre.somaxconn',
  'net.core.somaxconn\u200b',
  '\u202enet.core.somaxconn',
  '\ud800',
  '\ufeffnet.*',
  '\u001b[2J\u001b]0;owned\u0007',
  '../../../etc/shadow',
  '/etc/default/kubelet',
  'net.../core',
  '"net.a","net.b"',
  '""',
  "''",
  '*',
  'n*t.*',
  'kernel.*',
  '__proto__',
  'constructor',
  'toString',
  '1e309',
  '-1e309',
  '0x7fffffffffffffff',
  '9'.repeat(400),
  'NaN',
  'null',
  '{"__proto__":{"polluted":true}}',
  '[]',
  '!!js/function "function () {}"',
  '!!binary aGk=',
  '*unknown',
  '&a [*a]',
  '<<: {mode: Restore}',
  '%YAML 1.1\n---\n- yes',
  '---\n---\n- a',
  '#',
  ',',
  '\n',
];

/** Properties of Object.prototype. */
export const PROTOTYPE_KEYS = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
  '__defineGetter__',
] as const;

/** Close to the most that the API server accepts. */
const MEGABYTE = 1_000_000;
const LIST = 'allowedUnsafeSysctls';

/** ConfigMaps that would cost a careless parser much time or memory, by title. */
export const HEAVY: Readonly<Record<string, () => Readonly<Record<string, string>>>> = {
  'a list of commas': () => ({ [LIST]: filled(',') }),
  'a list of one bad letter': () => ({ [LIST]: filled('A\n') }),
  'names one letter off': () => ({ [LIST]: filled('kernel.semm\n') }),
  'one name again and again': () => ({ [LIST]: filled('net.a\n') }),
  'as many commas as are read': () => ({ [LIST]: filled(',', 131_000) }),
  'as many bad letters as are read': () => ({ [LIST]: filled('A\n', 131_000) }),
  'as many names one letter off as are read': () => ({ [LIST]: filled('kernel.semm\n', 131_000) }),
  'one name as often as is read': () => ({ [LIST]: filled('net.a\n', 131_000) }),
  'nearly names, as many as are read': () => ({ [LIST]: filled(`${'a-'.repeat(120)}\n`, 131_000) }),
  'one endless name': () => ({ [LIST]: filled('a') }),
  'nearly names': () => ({ [LIST]: filled(`${'a-'.repeat(120)}\n`) }),
  'a list of nothing but lines': () => ({ [LIST]: filled('\n') }),
  'as many names as fit': () => ({ [LIST]: distinct((index) => `net.${index}`) }),
  'as many patterns as fit': () => ({ [LIST]: distinct((index) => `net.${index}*`) }),
  'a megabyte of YAML': () => ({ profiles: filled('- {a: b}\n') }),
  'commas in a profile': () => ({ profiles: profile(`'${','.repeat(120_000)}'`) }),
  'lines in a profile': () => ({ profiles: profile(`|\n${filled('    A\n', 120_000)}`) }),
  'bad names in a profile': () => ({ profiles: profile(`${tokens('A,', '[').slice(0, -100)}]`) }),
  'scalars in brackets': () => ({ profiles: `${tokens('a,', '[')}]` }),
  'keys in braces': () => ({ profiles: `${tokens('a,', '{')}}` }),
  'pairs in brackets': () => ({ profiles: `${tokens('a: b,', '[')}]` }),
  'empty maps': () => ({ profiles: `${tokens('{},', '[')}]` }),
  'opening brackets': () => ({ profiles: filled('[', 120_000) }),
  'closing brackets': () => ({ profiles: filled(']', 120_000) }),
  'closing brackets after a list': () => ({ profiles: `[]${tokens(']')}` }),
  'nested maps': () => ({ profiles: filled('{a: ', 120_000) }),
  'nested lists': () => ({ profiles: filled('- ', 120_000) }),
  'lists nested by indentation': () => ({ profiles: nested('-') }),
  'maps nested by indentation': () => ({ profiles: nested('a:') }),
  'explicit keys': () => ({ profiles: filled('? ', 120_000) }),
  'lone colons': () => ({ profiles: tokens(':\n') }),
  'empty documents': () => ({ profiles: tokens('---\n') }),
  'bad tags': () => ({ profiles: tokens('- !x y\n') }),
  'bad characters': () => ({ profiles: tokens('- @\n') }),
  quotes: () => ({ profiles: tokens('""') }),
  'bad escapes': () => ({ profiles: `- "${filled('\\q', 120_000)}"` }),
  'bad escapes, fewer': () => ({ profiles: `- "${'\\q'.repeat(14_900)}"` }),
  'an alias of an endless name': () => ({ profiles: `- *${filled('a', 120_000)}` }),
  'a tag of an endless name': () => ({ profiles: `- !${filled('a', 120_000)} x` }),
  'a directive of an endless name': () => ({ profiles: `%${filled('A', 120_000)}\n---\n[]` }),
  'aliases that multiply': () => ({ profiles: laughs() }),
  'aliases by the thousand': () => ({ profiles: `- &a x\n${tokens('- *a\n')}` }),
  'as many profiles as fit': () => ({ profiles: profiles(500) }),
  'unknown keys': () => Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`k${index}`, ''])),
  'an endless word as a setting': () => ({ mode: filled('E') }),
  'a list as a setting': () => ({ maxUnavailable: filled('1,') }),
  'an endless window': () => ({ windows: filled('Mon-') }),
  'as many bad days as are read': () => ({ windows: `${filled('Mon,', 16_000)}Mo 00:00-24:00 UTC` }),
  'lines that are no windows': () => ({ windows: filled('x\n', 16_000) }),
  'windows of unknown zones': () => ({ windows: 'Mon 00:00-24:00 Europe/Berln\n'.repeat(50) }),
  'windows by the thousand': () => ({ windows: filled('Mon 00:00-24:00 UTC\n', 16_000) }),
  'endless labels as a canary': () => ({ canary: filled('a=b,') }),
  'an endless number as a setting': () => ({ nodeSoakSeconds: filled('9') }),
};

function filled(unit: string, length = MEGABYTE): string {
  return unit.repeat(Math.floor(length / unit.length));
}

/** `open` and then the unit, repeated until all lies close below the limit on YAML's tokens. */
function tokens(unit: string, open = ''): string {
  const sample = 100;
  const each = (lexemes(open + unit.repeat(sample)) - lexemes(open)) / sample;
  return open + unit.repeat(Math.floor(14_900 / each));
}

function lexemes(text: string): number {
  return [...new Lexer().lex(text)].length;
}

function distinct(nameOf: (index: string) => string): string {
  return Array.from({ length: 3_200 }, (_, index) => nameOf(index.toString(36).padStart(4, 'a'))).join('\n');
}

function profile(list: string): string {
  return `- name: a\n  nodeSelector: {a: b}\n  allowedUnsafeSysctls: ${list}\n`;
}

function profiles(count: number): string {
  return Array.from(
    { length: count },
    (_, index) => `- {name: n${index}, nodeSelector: {a: b}, allowedUnsafeSysctls: net.a}\n`,
  ).join('');
}

function nested(node: string): string {
  return Array.from({ length: 400 }, (_, depth) => ' '.repeat(depth) + node).join('\n');
}

function laughs(): string {
  const letters = Array.from('abcdefghijklmnop');
  const lines = letters.map((letter, index) => {
    const before = letters[index - 1];
    return `- &${letter} [${Array.from({ length: 9 }, () => (before === undefined ? 'ha' : `*${before}`)).join(', ')}]`;
  });
  return lines.join('\n');
}
