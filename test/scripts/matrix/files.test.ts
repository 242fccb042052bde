import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { filesToRun, matrixFiles, VM_FILES } from '../../../scripts/matrix/files.ts';

const LEFT_OUT = [
  'api/admission',
  'api/api-server-away',
  'bed',
  'api/coordinator-admission',
  'fleet/coordinator',
  'fleet/idle',
  'fleet/joining',
  'api/manifests',
  'fleet/plugin',
  'api/policy-errors',
  'fleet/rollout',
].map((name) => `${name}.test.ts`);

describe('the files of the matrix', () => {
  it('are those that depend on the kubelet', async () => {
    const wanted =
      'change/drift change/failed-change change/first-change pods/in-use change/interrupted change/lists fleet/new-node pods/tutorial change/versions';
    const files = await matrixFiles();
    expect(files).toEqual(
      expect.arrayContaining(wanted.split(' ').map((name) => `test/e2e/${name}.test.ts`)),
    );
    for (const name of LEFT_OUT) expect(files).not.toContain(`test/e2e/${name}`);
  });

  it('are there for virtual machines too', () => {
    expect(VM_FILES.length).toBeGreaterThan(0);
    expect(VM_FILES.filter((path) => !existsSync(path))).toEqual([]);
  });

  it('include a new test file, and only test files', () => {
    expect(filesToRun([...LEFT_OUT, 'new.test.ts', 'bed.ts', 'a.test.ts'])).toEqual([
      'test/e2e/a.test.ts',
      'test/e2e/new.test.ts',
    ]);
  });

  it('throw when a file that is left out was renamed', () => {
    expect(() => filesToRun(LEFT_OUT.slice(1))).toThrow('admission.test.ts');
  });
});
