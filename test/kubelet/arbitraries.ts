// Generates environment files and argument lists near every special case of systemd and the kubelet.

import * as fc from 'fast-check';

/** Byte strings: one char a byte. */
const PIECES = [
  'A',
  'b',
  '=',
  '=',
  ' ',
  '\t',
  '\n',
  '\n',
  '\r',
  '\r\n',
  '"',
  "'",
  '\\',
  '\\\n',
  '\\\r\n',
  '#',
  ';',
  '$',
  '`',
  '${A}',
  'A=1\n',
  'A="',
  "B='",
  'KUBELET_EXTRA_ARGS=',
  '\nKUBELET_EXTRA_ARGS=',
  '\nKUBELET_EXTRA_ARGS="',
  "\nKUBELET_EXTRA_ARGS='",
  'export ',
  '9x=',
  'a.b=',
  'K+=',
  '# comment',
  '# comment \\\n',
  '--v=2',
  '--node-ip 10.0.0.1',
  '--allowed-unsafe-sysctls=net.core.somaxconn,kernel.sem',
  '--allowed_unsafe_sysctls kernel.shm*',
  '\xc3\xa9',
  '\xe2\x82\xac',
  '\xf0\x9f\x98\x80',
] as const;

/** Bytes for which systemd ignores the whole file, except within a comment; a NUL also there. */
const POISON = [
  '\0',
  '\xff',
  '\xc3',
  '\xa9',
  '\xc0\x80',
  '\xe0\x80\x80',
  '\xed\xa0\x80',
  '\xef\xb7\x90',
  '\xef\xbf\xbe',
  '\xf4\x90\x80\x80',
  '\xef\xbb\xbf',
] as const;

const piece = fc.oneof(
  { weight: 60, arbitrary: fc.constantFrom(...PIECES) },
  { weight: 1, arbitrary: fc.constantFrom(...POISON) },
);

/** Any file, as a byte string. */
export const anyFile: fc.Arbitrary<string> = fc
  .array(piece, { maxLength: 30, size: 'max' })
  .map((pieces) => pieces.join(''));

/** A value's words, as a person would write them. */
const goodWord = fc.constantFrom(
  '--v=2',
  '--node-ip=10.0.0.1',
  '--node-labels=a=b,c=d',
  '--rotate-certificates',
  '--hostname-override node',
  "--x='a b'",
  '--y="c d"',
  String.raw`--z=e\ f`,
  '--w=\xc3\xa9',
  '--allowed-unsafe-sysctls=kernel.sem',
  '--allowed-unsafe-sysctls=kernel.shm*,net.ipv4.tcp_rmem',
  '--allowed_unsafe_sysctls=fs.mqueue.*',
  '--allowed-unsafe-sysctls kernel.msg*',
  '--allowed-unsafe-sysctls=',
);

const goodValue = fc
  .tuple(
    fc.array(goodWord, { maxLength: 5 }),
    fc.constantFrom(' ', '  ', '\t', ' \\\n  '),
    fc.constantFrom('', '"', "'"),
  )
  .map(([words, blank, quote]) => {
    if (quote === '"') return `"${words.map((word) => word.replace(/["\\]/g, String.raw`\$&`)).join(blank)}"`;
    if (quote === "'")
      return `'${words.filter((word) => !word.includes("'")).join(blank.trim() === '' ? blank : ' ')}'`;
    return words.map((word) => word.replaceAll('\\', '\\\\')).join(blank);
  });

const otherLine = fc.constantFrom(
  '# a comment',
  '; another',
  '',
  '   ',
  'A=1',
  'B="two words"',
  "C='x'",
  'no assignment here',
  'export D=1',
  'KUBELET_KUBEADM_ARGS="--pod-infra-container-image=x"',
  '# \xff',
  'A=2\r',
);

/** A file that a person or a tool might write, with which every kubelet starts. */
export const goodFile: fc.Arbitrary<string> = fc
  .tuple(
    fc.array(otherLine, { maxLength: 4 }),
    fc.array(
      goodValue.map((value) => `KUBELET_EXTRA_ARGS=${value}`),
      { maxLength: 2 },
    ),
    fc.array(otherLine, { maxLength: 4 }),
    fc.constantFrom('', '\n', '\n\n'),
  )
  .map(([head, values, tail, end]) => [...head, ...values, ...tail].join('\n') + end);

const shellLine = fc.constantFrom(
  'A=1',
  "B='two words'",
  'C="x $A"',
  'D=a\\ b',
  'export A B',
  'export KUBELET_EXTRA_ARGS',
  'export KUBELET_EXTRA_ARGS=--v=2',
  'set -a',
  '[ -n "$A" ] && A=2',
  'if [ -f /etc/x ]; then A=3; fi',
  // A byte string, as every file here.
  Buffer.from('# it’s a comment').toString('latin1'),
  '# ends \\',
  'A=1; B=2',
  'A=$(hostname -I)',
  'A=`hostname`',
  'A="two',
  '',
);

const shellWords = fc
  .array(
    fc.constantFrom(
      '--v=2',
      '--node-ip=10.0.0.1',
      '--w=\xc3\xa9',
      "--x='a b'",
      '--y="c d"',
      '--reserved-cpus="0-29"',
      '--z=e\\ f',
      '--allowed-unsafe-sysctls=kernel.sem,kernel.shm*',
      '--labels=a=$x',
      '--labels=a=$',
      '--labels=~b:~c#d',
      '--labels=(a)',
      '\\',
      ' ',
    ),
    { maxLength: 4 },
  )
  .chain((words) =>
    fc.constantFrom(' ', ' ', '  ', '\\ ', ' \\\n', '\\\n', '').map((blank) => words.join(blank)),
  );

/** A file that a script sources: as a shell has it, and as systemd has it, or both. */
export const shellFile: fc.Arbitrary<string> = fc
  .tuple(
    fc.array(shellLine, { maxLength: 3 }),
    fc.array(
      fc
        .tuple(shellWords, fc.constantFrom('', '', '"', "'"), fc.constantFrom('', '', ' ', ' # c', ' \\'))
        .map(([words, quote, end]) => `KUBELET_EXTRA_ARGS=${quote}${words}${quote}${end}`),
      { minLength: 1, maxLength: 2 },
    ),
    fc.array(shellLine, { maxLength: 2 }),
    fc.constantFrom('', '\n', '\n'),
  )
  .map(([head, values, tail, end]) => [...head, ...values, ...tail].join('\n') + end);

/** Allowances that every kubelet accepts. */
export const allowance: fc.Arbitrary<string> = fc.constantFrom(
  'net.core.somaxconn',
  'net/core/somaxconn',
  'net/ipv4/conf/eth0.100/forwarding',
  'net.ipv4.tcp_rmem',
  'net.ipv4.*',
  'net.*',
  'kernel.sem',
  'kernel.shm*',
  'kernel.shmmax',
  'kernel.msg*',
  'fs.mqueue.*',
  'fs.mqueue.msg_max',
);

export const allowances: fc.Arbitrary<string[]> = fc.uniqueArray(allowance, { maxLength: 4 });
