import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FAULTS } from '../../../scripts/schedules/faults.ts';
import { applyEdits, firstFinding } from '../../../scripts/schedules/put-back.ts';

const CHECKOUT = join(import.meta.dirname, '../../..');
const FAULT = { id: 'F1', what: '', schedules: 'node', edits: [] } as const;

describe('FAULTS', () => {
  it.each(FAULTS.flatMap(({ id, edits }) => edits.map((edit) => ({ id, ...edit }))))(
    'has an edit for $id whose text $file holds exactly once',
    async ({ file, search }) => {
      const text = await readFile(join(CHECKOUT, file), 'utf8');
      expect(text.split(search)).toHaveLength(2);
    },
  );
});

describe('applyEdits', () => {
  let root: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'put-back-'));
    await writeFile(join(root, 'a.ts'), 'save();\nreport();\n');
  });

  afterEach(() => rm(root, { recursive: true }));

  it('replaces each text in its file, and takes the replacement literally', async () => {
    const edits = [{ file: 'a.ts', search: 'save()', replace: 'save($&)' }];
    await applyEdits(root, { id: 'F1', edits });
    expect(await readFile(join(root, 'a.ts'), 'utf8')).toBe('save($&);\nreport();\n');
  });

  it.each([
    ['commit()', 0],
    ['();', 2],
  ])('names the edit to update when its text %j occurs %i times', async (search, times) => {
    const edits = [{ file: 'a.ts', search, replace: '' }];
    await expect(applyEdits(root, { id: 'F1', edits })).rejects.toThrow(
      `Expected a.ts to hold the text that F1 replaces once, got it ${times} times. Update the edit of F1`,
    );
    expect(await readFile(join(root, 'a.ts'), 'utf8')).toBe('save();\nreport();\n');
  });

  it('refuses an empty root', async () => {
    await expect(applyEdits('', { id: 'F1', edits: [] })).rejects.toThrow('got an empty path');
  });
});

describe('firstFinding', () => {
  const output =
    '+ In 2 schedules, first in number 7: One pass of an agent ends before the next begins. [one-pass] At 3 ms: a\n' +
    '+ In 9 schedules, first in number 4: The kubelet ends healthy. [kubelet-healthy] At 5 ms: b\n';

  it('returns the invariant that the earliest schedule breaks', () => {
    expect(firstFinding(output, FAULT)).toEqual({ schedules: 4, invariant: 'kubelet-healthy' });
  });

  it('returns the invariant that the fault must break, though another was found earlier', () => {
    const found = firstFinding(output, { ...FAULT, invariant: 'one-pass' });
    expect(found).toEqual({ schedules: 7, invariant: 'one-pass' });
  });

  it('returns undefined when the schedules break other invariants alone', () => {
    expect(firstFinding(output, { ...FAULT, invariant: 'own-temporary' })).toBeUndefined();
  });

  it('returns what the schedule of a coordinator reports', () => {
    const text =
      'Error: Schedule 29 failed. Add to the parameters: seed: 1\n- []\n+ [\n+   "It does not come to rest: [{}]"\n+ ]';
    expect(firstFinding(text, FAULT)).toEqual({ schedules: 29, invariant: 'It does not come to rest' });
  });

  it('throws with the end of the output when the test failed before any schedule', () => {
    expect(() => firstFinding('SyntaxError in arm.ts', FAULT)).toThrow('SyntaxError in arm.ts');
  });
});
