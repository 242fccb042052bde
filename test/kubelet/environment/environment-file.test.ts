import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromByteString } from '../../../agent/kubelet/environment/bytes.ts';
import {
  EnvironmentFileError,
  findAssignment,
  parseEnvironmentFile,
} from '../../../agent/kubelet/environment/environment-file.ts';
import { anyFile } from '../arbitraries.ts';

function variables(text: string, version: number | undefined = 252): Record<string, string> {
  const { assignments } = parseEnvironmentFile(fromByteString(text), version);
  return Object.fromEntries(assignments.map(({ key, value }) => [key, value]));
}

function refusal(text: string, version?: number): Partial<EnvironmentFileError> {
  try {
    parseEnvironmentFile(fromByteString(text), version);
  } catch (error) {
    if (error instanceof EnvironmentFileError) return { line: error.line, byte: error.byte };
    throw error;
  }
  return {};
}

describe('the value of an assignment', () => {
  it.each([
    ['plain, blanks around trimmed', 'A =  x y  \n', 'x y'],
    ['a backslash makes the next character itself', String.raw`A=x\ty\ ` + '\n', 'xty '],
    ['a backslash joins lines', 'A=x \\\n  y\n', 'x   y'],
    ['a backslash before CRLF joins nothing', 'A=x\\\r\nB=1\n', 'x'],
    ['later quotes are literal', `A=x "y"\n`, 'x "y"'],
    ['no inline comments', 'A=x # y\n', 'x # y'],
    ['single quotes are literal and span lines', 'A=\'x\\\n"y"\'\n', 'x\\\n"y"'],
    ['double quotes escape four characters', 'A="\\"\\\\\\$\\`\\n"\n', '"\\$`\\n'],
    ['double quotes delete backslash-newline', 'A="x\\\ny"\n', 'xy'],
    ['quoted parts join', `A="x" 'y' z w\n`, 'xyz w'],
    ['an unclosed quote runs to the end', `A="x\nB=1\n`, 'x\nB=1\n'],
    ['UTF-8 stays', 'A=\xc3\xa9\n', 'é'],
    ['CRLF ends a line', 'A=x\r\n', 'x'],
    ['no newline at the end', 'A=x ', 'x'],
    ['empty', 'A=\n', ''],
  ])('is read as systemd reads it: %s', (_, text, value) => {
    expect(variables(text)['A']).toBe(value);
  });
});

describe('the parser of environment files', () => {
  it.each(['export A=1', 'A+=1', 'a.b=1', '9x=1', '\xef\xbb\xbfA=1', '=1', 'A\\\n=1', 'A', '#A=1', ' ;A=1'])(
    'drops a line whose key systemd does not accept: %j',
    (line) => {
      expect(variables(`${line}\nB=2\n`)).toEqual({ B: '2' });
    },
  );

  it('lets the last of two assignments win and returns its line', () => {
    const document = parseEnvironmentFile(fromByteString('A=1\r\n# c\n\nA=2\n'), 252);
    expect(findAssignment(document, 'A')).toMatchObject({ value: '2', line: 4, from: 10 });
  });
});

describe('a file that systemd ignores', () => {
  it.each([
    ['a NUL anywhere', 'A=1\n# \0\n', { line: 2, byte: 6 }],
    ['a broken sequence in a value', 'A=1\nB=x\xffy\n', { line: 2, byte: 7 }],
    ['a broken sequence in a key', 'A\xff=1\n', { line: 1, byte: 1 }],
    ['a surrogate', 'A=\xed\xa0\x80\n', { line: 1, byte: 2 }],
    ['an overlong form', 'A=\xc0\x80\n', { line: 1, byte: 2 }],
    ['a noncharacter', 'A=\xef\xbf\xbe\n', { line: 1, byte: 2 }],
    ['even where the key is dropped', 'export A=\xff\n', { line: 1, byte: 9 }],
  ])('is refused with line and byte: %s', (_, text, where) => {
    expect(refusal(text)).toEqual(where);
  });

  it.each(['# \xff\nA=1\n', 'no assignment \xff\nA=1\n'])(
    'is not one with invalid UTF-8 outside of assignments: %j',
    (text) => {
      expect(variables(text)).toEqual({ A: '1' });
    },
  );
});

describe('a backslash at the end of a comment', () => {
  const text = '# a \\\nA=1\nB=2\n';

  it('continues the comment on the next line only before systemd 254', () => {
    expect(variables(text, 253)).toEqual({ B: '2' });
    expect(variables(text, 254)).toEqual({ A: '1', B: '2' });
  });

  it('is refused when the version is unknown and the next line is an assignment', () => {
    expect(refusal(text)).toEqual({ line: 1, byte: 4 });
    expect(refusal('# a \\\n# b\nB=2\n')).toEqual({});
    expect(refusal('# a \\\n\nB=2\n')).toEqual({});
  });
});

it('keeps every byte of any accepted environment file', () => {
  fc.assert(
    fc.property(anyFile, (text) => {
      fc.pre(refusal(text, 252).line === undefined);
      expect(parseEnvironmentFile(fromByteString(text), 252).text).toBe(text);
    }),
    { numRuns: 2000 },
  );
});

it('maps each byte of a value to its raw bytes in the environment file', () => {
  fc.assert(
    fc.property(anyFile, (text) => {
      fc.pre(refusal(text, 252).line === undefined);
      for (const { bytes, starts, ends } of parseEnvironmentFile(fromByteString(text), 252).assignments) {
        const raw = starts.map((start, index) => text.slice(start, ends[index]).replace(/^\\(?=.)/s, ''));
        expect(raw.join('')).toBe(bytes);
      }
    }),
    { numRuns: 2000 },
  );
});
