import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { importsIn, readSource } from '../../../scripts/architecture/imports.ts';

let root = '';

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'architecture-test-'));
});

afterEach(() => rm(root, { recursive: true, force: true }));

describe('importsIn', () => {
  it("reads this project's imports, exports from other files, and dynamic imports", () => {
    const text = `import { join } from 'node:path';
import {
  a,
  type B,
} from '../plan/plan.ts';
export { c } from './c.ts';
const d = async () => (await import('./d.ts')).d();
`;
    expect(importsIn('node/agent.ts', text).map(({ to }) => to)).toEqual([
      'plan/plan.ts',
      'node/c.ts',
      'node/d.ts',
    ]);
  });

  it.each([
    ["import type { A } from './a.ts';", true],
    ["import { type A, type B } from './a.ts';", true],
    ["import { a, type B } from './a.ts';", false],
    ["import { a } from './a.ts';", false],
    ["export type { A } from './a.ts';", true],
  ])('knows whether types alone are imported by %s', (text, isType) => {
    expect(importsIn('b.ts', text)).toEqual([{ from: 'b.ts', to: 'a.ts', isType }]);
  });
});

describe('readSource', () => {
  it('reads the files of all folders, without imports from outside', async () => {
    await mkdir(join(root, 'node'));
    await writeFile(join(root, 'main.ts'), "import { run } from './node/run.ts';\n");
    await writeFile(join(root, 'node', 'run.ts'), "import manifest from '../../package.json';\n");
    expect(await readSource(root)).toEqual({
      files: ['main.ts', 'node/run.ts'],
      imports: [{ from: 'main.ts', to: 'node/run.ts', isType: false }],
    });
  });

  it('throws when an import leads to no file', async () => {
    await writeFile(join(root, 'main.ts'), "import { run } from './gone.ts';\n");
    await expect(readSource(root)).rejects.toThrow('gone.ts');
  });
});
