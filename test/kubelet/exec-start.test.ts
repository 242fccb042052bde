import { describe, expect, it } from 'vitest';
import { expandExecStart, takesLoneVariable, variablesOf } from '../../agent/kubelet/exec-start.ts';

const ENVIRONMENT = new Map([
  ['A', '--x --y'],
  ['B', 'z'],
  ['EMPTY', ''],
]);

describe('expandExecStart', () => {
  it.each([
    ['$A', ['--x', '--y']],
    ['$UNSET', []],
    ['$EMPTY', []],
    ['$A/b', []],
    ['--p=${A}', ['--p=--x --y']],
    ['${UNSET}', ['']],
    ['--p=$A', ['--p=$A']],
    ['$$A', ['$A']],
    ['a$$b', ['a$b']],
    ['${A', ['${A']],
    ['${A:-x}', ['${A:-x}']],
    ['${B}${B}', ['zz']],
  ])('expands %s to the words %j', (word, words) => {
    expect(expandExecStart([word], ENVIRONMENT).map(({ text }) => text)).toEqual(words);
  });

  it('returns for each word the variable that it comes from, and its index there', () => {
    expect(expandExecStart(['/k', '$A', '$B'], ENVIRONMENT)).toEqual([
      { text: '/k', variable: undefined, index: 0 },
      { text: '--x', variable: 'A', index: 0 },
      { text: '--y', variable: 'A', index: 1 },
      { text: 'z', variable: 'B', index: 0 },
    ]);
  });
});

it('counts a variable as a separate word only when it stands alone and without braces', () => {
  expect(['$A', '${A}', '$$A', 'x$A', '$AB'].map((word) => takesLoneVariable(['/k', word], 'A'))).toEqual([
    true,
    false,
    false,
    false,
    false,
  ]);
});

it('lists the variables of an ExecStart without duplicates, as written', () => {
  expect(variablesOf(['/k', '$A', '--x=${B}${C}', '$$D', '$A'])).toEqual(['$A', '${B}', '${C}']);
});
