import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { linesOf } from '../../../scripts/entry/json-lines.ts';
import { momentsIn, type TerminalMoment } from '../../../scripts/recording/moments.ts';
import { COLUMNS, rowsOf, terminalSvg } from '../../../scripts/recording/svg.ts';

const DOCS = join(import.meta.dirname, '../../../docs');
const MOMENTS: readonly TerminalMoment[] = [
  { at: 0, kind: 'typed', text: 'kubectl get pod <web>' },
  { at: 300, kind: 'printed', text: 'NAME   STATUS & more' },
  { at: 9300, kind: 'printed', text: 'late' },
  { at: 9310, kind: 'typed', text: 'kubectl a \\\n    b' },
  { at: 9400, kind: 'printed', text: 'x '.repeat(COLUMNS * 0.75) },
];

describe('the rows of a recorded terminal', () => {
  it('appear at their time, with long pauses shortened and time to read before a new command', () => {
    expect(rowsOf(MOMENTS).map(({ at }) => at)).toEqual([0, 300, 2300, 2900, 2900, 2990, 2990]);
  });

  it('mark what was entered, and continue long lines in the next row', () => {
    const rows = rowsOf(MOMENTS);
    expect(rows.map(({ isTyped }) => isTyped)).toEqual([true, false, false, true, true, false, false]);
    expect(rows[3]?.text).toBe('$ kubectl a \\');
    expect(rows.filter(({ text }) => text.length > COLUMNS)).toEqual([]);
  });
});

describe('the picture of a terminal', () => {
  const svg = terminalSvg(MOMENTS);

  it('has no script, loads nothing, has colours for light and dark, and moves only for those who want it', () => {
    expect(svg).not.toMatch(/<script|href|url\(|@import|@font-face/iu);
    expect(svg).toContain('prefers-color-scheme:dark');
    expect(svg.indexOf('prefers-reduced-motion:no-preference')).toBeLessThan(svg.indexOf('animation:appear'));
  });

  it('contains its text for screen readers, escaped', () => {
    expect(svg).toMatch(/role="img" aria-labelledby="title summary"/u);
    expect(svg).toContain('$ kubectl get pod &lt;web&gt; NAME   STATUS &amp; more');
  });

  it('refuses an empty recording', () => {
    expect(() => terminalSvg([])).toThrow('got nothing');
  });
});

describe('a recording of a terminal', () => {
  it('is the same after it was written and read', () => {
    expect(momentsIn(linesOf(MOMENTS))).toEqual(MOMENTS);
  });

  it('names the line that is not a moment', () => {
    expect(() => momentsIn(`${linesOf(MOMENTS)}{"at":1}\n`)).toThrow(`line ${MOMENTS.length + 1}`);
  });

  it('docs/first-edit.svg is drawn from docs/first-edit.jsonl, in which the pod is refused and then runs', () => {
    const moments = momentsIn(readFileSync(join(DOCS, 'first-edit.jsonl'), 'utf8'));
    expect(readFileSync(join(DOCS, 'first-edit.svg'), 'utf8')).toBe(terminalSvg(moments));
    const printed = moments.filter(({ kind }) => kind === 'printed').map(({ text }) => text);
    const refused = printed.findIndex((text) => text.includes('SysctlForbidden'));
    const runs = printed.findIndex((text) => /^web .* Running /u.test(text));
    expect(refused).toBeGreaterThan(-1);
    expect(runs).toBeGreaterThan(refused);
  });
});
