import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { licensesText } from '../../scripts/bundle/licenses.ts';
import { bundledPackages } from '../../scripts/bundle/packages.ts';

let checkout = '';

beforeEach(async () => {
  checkout = await mkdtemp(join(tmpdir(), 'bundle-packages-'));
});
afterEach(() => rm(checkout, { recursive: true, force: true }));

async function write(path: string, content: string): Promise<void> {
  const file = join(checkout, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
}

async function writePackage(
  folder: string,
  { name, version = '1.0.0', license }: { name: string; version?: string; license?: string },
): Promise<void> {
  const code = `export const used = ${JSON.stringify(`${folder} of ${version}`)};\nexport const unused = 1;\n`;
  await write(
    `${folder}/package.json`,
    JSON.stringify({ name, version, license, type: 'module', exports: './index.js' }),
  );
  await write(`${folder}/index.js`, code);
}

async function writeLock(...folders: readonly string[]): Promise<void> {
  const packages = Object.fromEntries(folders.map((folder) => [folder, { integrity: `sha512-${folder}` }]));
  await write('package-lock.json', JSON.stringify({ packages }));
}

async function metafileOf(code: string): Promise<Metafile> {
  await write('main.js', code);
  const options = {
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    absWorkingDir: checkout,
  } as const;
  return (await build({ entryPoints: ['main.js'], ...options })).metafile;
}

describe('the packages in a bundle', () => {
  it('are those with code in it: with their scope, nested in another, but not those of which nothing is used', async () => {
    await writePackage('node_modules/plain', { name: 'plain', license: 'MIT' });
    await writePackage('node_modules/@a/scoped', { name: '@a/scoped', version: '2.0.0', license: 'ISC' });
    await writePackage('node_modules/@a/scoped/node_modules/plain', {
      name: 'plain',
      version: '0.9.0',
      license: 'BSD-3-Clause',
    });
    await write(
      'node_modules/@a/scoped/index.js',
      "export { used } from 'plain';\nexport const own = 'own';\n",
    );
    await writePackage('node_modules/dropped', { name: 'dropped', license: 'MIT' });
    await writeLock(
      'node_modules/plain',
      'node_modules/@a/scoped',
      'node_modules/@a/scoped/node_modules/plain',
    );
    const metafile = await metafileOf(
      "import { used } from 'plain';\nimport { own, used as nested } from '@a/scoped';\n" +
        "import { unused } from 'dropped';\nconsole.log(used, own, nested);\n",
    );

    const found = await bundledPackages(metafile, checkout);

    expect(found.map(({ name, version, license, integrity }) => [name, version, license, integrity])).toEqual(
      [
        ['@a/scoped', '2.0.0', 'ISC', 'sha512-node_modules/@a/scoped'],
        ['plain', '0.9.0', 'BSD-3-Clause', 'sha512-node_modules/@a/scoped/node_modules/plain'],
        ['plain', '1.0.0', 'MIT', 'sha512-node_modules/plain'],
      ],
    );
  });

  it('need a declared licence', async () => {
    await writePackage('node_modules/plain', { name: 'plain' });
    await writeLock('node_modules/plain');
    const metafile = await metafileOf("import { used } from 'plain';\nconsole.log(used);\n");
    await expect(bundledPackages(metafile, checkout)).rejects.toThrow(
      'Expected node_modules/plain/package.json',
    );
  });

  it('need an integrity in package-lock.json', async () => {
    await writePackage('node_modules/plain', { name: 'plain', license: 'MIT' });
    await writeLock();
    const metafile = await metafileOf("import { used } from 'plain';\nconsole.log(used);\n");
    await expect(bundledPackages(metafile, checkout)).rejects.toThrow('integrity of node_modules/plain');
  });
});

describe('the text of their licences', () => {
  const own = {
    name: 'plain',
    version: '1.0.0',
    license: 'MIT',
    folder: 'node_modules/plain',
    integrity: '',
  };

  it.each(['LICENSE', 'license.md', 'LICENCE.txt', 'UNLICENSE', 'COPYING'])(
    'has that of the file %s',
    async (file) => {
      await writePackage('node_modules/plain', { name: 'plain' });
      await write(`node_modules/plain/${file}`, '\r\nDo as you like.\r\n');
      const text = await licensesText([own], checkout);
      expect(text).toContain('\nplain 1.0.0 (MIT)\n\nDo as you like.\n');
    },
  );

  it('has the notice of a package too, and says where there is only a declaration', async () => {
    await writePackage('node_modules/plain', { name: 'plain' });
    expect(await licensesText([own], checkout)).toContain('no licence file; its package.json declares MIT');
    await write('node_modules/plain/LICENSE', 'Do as you like.');
    await write('node_modules/plain/NOTICE', 'Made by A.');
    expect(await licensesText([own], checkout)).toContain('Do as you like.\n\nMade by A.\n');
  });
});
