import { describe, expect, it } from 'vitest';
import { EditError, editExtraArgs, type ExtraArgsEdit } from '../../../agent/kubelet/edit/edit.ts';
import { findAssignment, parseEnvironmentFile } from '../../../agent/kubelet/environment/environment-file.ts';
import { wordTexts } from '../../../agent/kubelet/words.ts';

const FLAG = '--allowed-unsafe-sysctls=net.core.somaxconn,kernel.shm*';

function edit(content: string | undefined, more: Partial<ExtraArgsEdit> = {}): string {
  const bytes = editExtraArgs({
    content: content === undefined ? undefined : Buffer.from(content),
    systemdVersion: 252,
    carried: '',
    uses: [],
    flag: FLAG,
    ...more,
  });
  return Buffer.from(bytes).toString();
}

/** What `$KUBELET_EXTRA_ARGS` expands to with this file. */
function wordsIn(file: string): readonly string[] {
  const document = parseEnvironmentFile(Buffer.from(file), 252);
  return wordTexts(findAssignment(document, 'KUBELET_EXTRA_ARGS')?.value ?? '');
}

describe('a new flag', () => {
  it.each([
    ['a missing file', undefined, `KUBELET_EXTRA_ARGS=${FLAG}\n`],
    ['an empty file', '', `KUBELET_EXTRA_ARGS=${FLAG}\n`],
    ['the packages’ own file', 'KUBELET_EXTRA_ARGS=\n', `KUBELET_EXTRA_ARGS=${FLAG}\n`],
    ['an empty quoted value', 'KUBELET_EXTRA_ARGS=""\n', `KUBELET_EXTRA_ARGS="${FLAG}"\n`],
    ['an unquoted value', 'KUBELET_EXTRA_ARGS=--v=2  \nA=1', `KUBELET_EXTRA_ARGS='--v=2 ${FLAG}'  \nA=1`],
    ['double quotes', 'KUBELET_EXTRA_ARGS="--v=2" \n', `KUBELET_EXTRA_ARGS="--v=2 ${FLAG}" \n`],
    ['single quotes', "KUBELET_EXTRA_ARGS='--v=2'\r\n", `KUBELET_EXTRA_ARGS='--v=2 ${FLAG}'\r\n`],
    [
      'several lines',
      'KUBELET_EXTRA_ARGS="--v=2 \\\n  --x \\\n"\n# end\n',
      `KUBELET_EXTRA_ARGS="--v=2 \\\n  --x ${FLAG} \\\n"\n# end\n`,
    ],
    ['several parts', `KUBELET_EXTRA_ARGS="--a "'--b'\n`, `KUBELET_EXTRA_ARGS="--a "'--b ${FLAG}'\n`],
    ['no final newline', 'KUBELET_EXTRA_ARGS=--v=2 --w', `KUBELET_EXTRA_ARGS=--v=2 --w ${FLAG}\n`],
    ['no assignment and no final newline', 'A=1', `A=1\nKUBELET_EXTRA_ARGS=${FLAG}\n`],
    [
      'one that systemd drops',
      'export KUBELET_EXTRA_ARGS=--v=2\n',
      `export KUBELET_EXTRA_ARGS=--v=2\nKUBELET_EXTRA_ARGS=${FLAG}\n`,
    ],
    [
      'two assignments',
      'KUBELET_EXTRA_ARGS=a\nKUBELET_EXTRA_ARGS=b\n',
      `KUBELET_EXTRA_ARGS=a\nKUBELET_EXTRA_ARGS='b ${FLAG}'\n`,
    ],
    ['an unclosed quote', 'KUBELET_EXTRA_ARGS="--v=2\n', `KUBELET_EXTRA_ARGS="--v=2 ${FLAG}\n`],
    [
      'a word with an unclosed quote',
      String.raw`KUBELET_EXTRA_ARGS="--x='a b"` + '\n',
      `KUBELET_EXTRA_ARGS='--x=a\\ b ${FLAG}'\n`,
    ],
    [
      'a comment that a backslash continues to the end',
      '# end \\\n',
      `# end \\\n\nKUBELET_EXTRA_ARGS=${FLAG}\n`,
    ],
  ])('is appended to the value: %s', (_, before, after) => {
    expect(edit(before)).toBe(after);
  });

  it('is appended to the words that were in force elsewhere', () => {
    const words = `--v=3 --x='a b'`;
    const after = edit('A=1\n', { carried: words });
    expect(after).toBe(`A=1\nKUBELET_EXTRA_ARGS=--v=3\\ --x=\\'a\\ b\\'\\ ${FLAG}\n`);
    expect(wordsIn(after)).toEqual(['--v=3', '--x=a b', FLAG]);
  });
});

describe('an existing flag', () => {
  const OLD = '--allowed-unsafe-sysctls=kernel.sem';

  it.each([
    [
      'in place',
      `KUBELET_EXTRA_ARGS='--a ${OLD} --b'\n`,
      [{ at: 1, words: 1 }],
      `KUBELET_EXTRA_ARGS='--a ${FLAG} --b'\n`,
    ],
    [
      'at the place of its first use, the others vanishing',
      `KUBELET_EXTRA_ARGS=${OLD} --a --allowed_unsafe_sysctls x  --b\n`,
      [
        { at: 0, words: 1 },
        { at: 2, words: 2 },
      ],
      `KUBELET_EXTRA_ARGS=${FLAG} --a  --b\n`,
    ],
    [
      'though quotes cross it',
      `KUBELET_EXTRA_ARGS="--a --allowed-unsafe-""sysctls=x --b"\n`,
      [{ at: 1, words: 1 }],
      `KUBELET_EXTRA_ARGS='--a ${FLAG} --b'\n`,
    ],
  ])('is replaced %s', (_, before, uses, after) => {
    expect(edit(before, { uses })).toBe(after);
  });

  it.each([
    ['first', `KUBELET_EXTRA_ARGS="${OLD} --a"\n`, [{ at: 0, words: 1 }], 'KUBELET_EXTRA_ARGS="--a"\n'],
    ['last', `KUBELET_EXTRA_ARGS=--a ${OLD}\n`, [{ at: 1, words: 1 }], 'KUBELET_EXTRA_ARGS=--a\n'],
    ['alone', `KUBELET_EXTRA_ARGS='${OLD}'\n`, [{ at: 0, words: 1 }], "KUBELET_EXTRA_ARGS=''\n"],
    [
      'twice in a row',
      `KUBELET_EXTRA_ARGS=${OLD} ${OLD} --a\n`,
      [
        { at: 0, words: 1 },
        { at: 1, words: 1 },
      ],
      'KUBELET_EXTRA_ARGS=--a\n',
    ],
    [
      'twice and nothing else',
      `KUBELET_EXTRA_ARGS="${OLD} ${OLD}"\n`,
      [
        { at: 0, words: 1 },
        { at: 1, words: 1 },
      ],
      'KUBELET_EXTRA_ARGS=""\n',
    ],
    // Without the flag before it, systemd would read the quote as its own.
    [
      'before a quoted word',
      `KUBELET_EXTRA_ARGS=${OLD} "--a b"\n`,
      [{ at: 0, words: 1 }],
      `KUBELET_EXTRA_ARGS='"--a b"'\n`,
    ],
  ])('is removed with one blank: %s', (_, before, uses, after) => {
    expect(edit(before, { uses, flag: undefined })).toBe(after);
  });
});

it('writes unusual items so that systemd reads them back, in each quoting', () => {
  const flag = `--allowed-unsafe-sysctls="a ""b""",'c\\d`;
  for (const value of ['--v=2', '"--v=2"', "'--v=2'"]) {
    const after = edit(`KUBELET_EXTRA_ARGS=${value}\nA=1\n`, { flag });
    expect(wordsIn(after)).toEqual(['--v=2', flag]);
    expect(after.endsWith('\nA=1\n')).toBe(true);
  }
});

it('refuses a file whose last line would continue into the new one', () => {
  expect(() => edit('A="open\n')).toThrow(EditError);
});
