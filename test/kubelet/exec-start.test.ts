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
  ])('makes of %s the words %j', (word, words) => {
    expect(expandExecStart([word], ENVIRONMENT).map(({ text }) => text)).toEqual(words);
  });

  it('says which variable made each word, and which of its words it is', () => {
    expect(expandExecStart(['/k', '$A', '$B'], ENVIRONMENT)).toEqual([
      { text: '/k', variable: undefined, index: 0 },
      { text: '--x', variable: 'A', index: 0 },
      { text: '--y', variable: 'A', index: 1 },
      { text: 'z', variable: 'B', index: 0 },
    ]);
  });
});

it('takes a variable for a word of its own only where it stands alone and without braces', () => {
  expect(['$A', '${A}', '$$A', 'x$A', '$AB'].map((word) => takesLoneVariable(['/k', word], 'A'))).toEqual([
    true,
    false,
    false,
    false,
    false,
  ]);
});

it('names the variables of an ExecStart once each, as they are written', () => {
  expect(variablesOf(['/k', '$A', '--x=${B}${C}', '$$D', '$A'])).toEqual(['$A', '${B}', '${C}']);
});
