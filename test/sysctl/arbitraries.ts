// Generates sysctl names and patterns that are close to what the kubelet accepts, valid and invalid.

import * as fc from 'fast-check';

const KNOWN = [
  'net.core.somaxconn',
  'net.ipv4.tcp_rmem',
  'net.ipv4.ip_local_port_range',
  'net/ipv4/conf/eth0.100/forwarding',
  'net.ipv4.conf.eth0/100.forwarding',
  'net.*',
  'net/core/*',
  'net.ipv4.tcp_*',
  'net*',
  'net',
  '*',
  'kernel.sem',
  'kernel.sem*',
  'kernel.shm',
  'kernel.shm*',
  'kernel/shm*',
  'kernel.shm_rmid_forced',
  'kernel.shmall',
  'kernel.shmm*',
  'kernel.msg*',
  'kernel.msgmax',
  'kernel.domainname',
  'kernel.domain*',
  'kernel.hostname',
  'kernel.*',
  'user.*',
  'user.max_user_namespaces',
  'user/max_user_namespaces',
  'user*',
  'fs.mqueue.*',
  'fs.mqueue.msg_max',
  'fs/mqueue/msg_max',
  'fs.mqueue*',
  'fs.mqueue',
  'fs.aio-max-nr',
  'vm.max_map_count',
] as const;

const KEPT_CHARACTERS = ['.', '/', '*', '-', '_', 'a', '0'] as const;
const REFUSED_CHARACTERS = [
  'A',
  ' ',
  ',',
  '#',
  '"',
  '=',
  '\n',
  '\t',
  '\0',
  'é',
  'ı',
  'ſ',
  'K',
  '٣',
  '😀',
] as const;

const known = fc.constantFrom(...KNOWN);
const character = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...KEPT_CHARACTERS) },
  { weight: 1, arbitrary: fc.constantFrom(...REFUSED_CHARACTERS) },
);

/** A known text with a few characters put in, taken out or swapped. */
const mutated = fc
  .tuple(known, fc.array(fc.tuple(fc.nat(), fc.constantFrom(0, 1), fc.option(character)), { maxLength: 3 }))
  .map(([text, edits]) =>
    edits.reduce((edited, [position, removed, added]) => {
      const at = position % (edited.length + 1);
      return edited.slice(0, at) + (added ?? '') + edited.slice(at + removed);
    }, text as string),
  );

/** Words and separators in any order. */
const assembled = fc
  .array(
    fc.oneof(
      fc.constantFrom('net', 'kernel', 'shm', 'msg', 'sem', 'fs', 'mqueue', 'user', 'vm', 'domainname'),
      character,
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''));

/** Around the limit of 253 bytes, in one part or in many. */
const long = fc
  .tuple(
    fc.constantFrom('net.', 'net/', 'fs.mqueue.', 'vm.', ''),
    fc.integer({ min: 246, max: 258 }),
    fc.constantFrom('a', 'a.', 'a_', 'é'),
    fc.constantFrom('', '*', '.', '_'),
  )
  .map(
    ([prefix, length, filler, end]) => (prefix + filler.repeat(length)).slice(0, length - end.length) + end,
  );

/** Anything that a person could write as one item of the list. */
export const item = fc.oneof(
  { weight: 4, arbitrary: mutated },
  { weight: 3, arbitrary: assembled },
  { weight: 1, arbitrary: long },
  { weight: 1, arbitrary: known },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
);

/** What a pod could ask for when `allowances` are on the list: near their stems. */
export function sysctlNear(allowances: readonly string[]): fc.Arbitrary<string> {
  const stem = fc.constantFrom(...allowances.map((allowance) => allowance.replace('*', '')));
  const near = fc
    .tuple(stem, fc.nat({ max: 2 }), fc.constantFrom('', 'x', '.x', '/x', '_x', '.x/y', 'mem'))
    .map(([text, cut, end]) => text.slice(0, text.length - cut) + end);
  return fc.oneof(near, near.map(swapSeparators), item);
}

function swapSeparators(name: string): string {
  return name.replace(/[./]/gu, (separator) => (separator === '.' ? '/' : '.'));
}
