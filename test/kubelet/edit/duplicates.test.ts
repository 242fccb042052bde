import { describe, expect, test } from 'vitest';
import { withoutCopies } from '../../../agent/kubelet/edit/duplicates.ts';

function clean(text: string): string {
  return Buffer.from(withoutCopies(Buffer.from(text), 'KUBELET_EXTRA_ARGS', 252)).toString();
}

const LINE = 'KUBELET_EXTRA_ARGS=--v=2 --allowed-unsafe-sysctls=kernel.sem';

describe('withoutCopies', () => {
  test.each([
    ['one copy', `${LINE}\n${LINE}\n`, `${LINE}\n`],
    [
      'three copies with lines between them',
      `# a\n${LINE}\nB=1\n${LINE}\n# c\n${LINE}\n`,
      `# a\nB=1\n# c\n${LINE}\n`,
    ],
    ['a copy with CRLF', `${LINE}\r\n${LINE}\r\n`, `${LINE}\r\n`],
    ['no newline at the end', `${LINE}\n${LINE}`, LINE],
  ])('keeps the last line of %s', (_what, before, after) => {
    expect(clean(before)).toBe(after);
  });

  test.each([
    ['a line with other words', `KUBELET_EXTRA_ARGS=--v=3\n${LINE}\n`],
    ['a line with other quotes', `KUBELET_EXTRA_ARGS='--v=2 --allowed-unsafe-sysctls=kernel.sem'\n${LINE}\n`],
    ['copies of another variable', `A=1\nA=1\n${LINE}\n`],
    ['a comment', `#${LINE}\n${LINE}\n`],
  ])('keeps %s', (_what, text) => {
    expect(clean(text)).toBe(text);
  });
});
