// npm run build: the one file that runs on every node, dist/kubelet-sysctls.mjs, and the kubectl plugin, dist/kubectl-sysctls.mjs;
// beside each the licences of the packages in it.

import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { pageAssets } from '../agent/cli/kubectl/dashboard/assets.ts';
import { licensesText } from './bundle/licenses.ts';
import { type BundledPackage, bundledPackages } from './bundle/packages.ts';

const CHECKOUT = join(import.meta.dirname, '..');
const ENTRY = join(CHECKOUT, 'agent', 'main.ts');
export const PLUGIN_ENTRY = join(CHECKOUT, 'agent', 'kubectl.ts');
const OUT = join(CHECKOUT, 'dist', 'kubelet-sysctls.mjs');
const PLUGIN_OUT = join(CHECKOUT, 'dist', 'kubectl-sysctls.mjs');

/** Packages in the CommonJS format call `require` for Node's own modules, which a file in the ESM format does not have. */
const REQUIRE =
  "import { createRequire as createRequireForBundle } from 'node:module';\n" +
  'const require = createRequireForBundle(import.meta.url);';

/** The plugin's page becomes text in the bundle. */
const PAGE: Plugin = {
  name: 'page',
  setup(bundling) {
    bundling.onLoad({ filter: /[/]dashboard[/]assets[.]ts$/ }, async () => ({
      contents: `const assets = ${JSON.stringify(await pageAssets())};\nexport async function pageAssets() { return assets; }`,
    }));
  },
};

if (import.meta.main) await main();

async function main(): Promise<void> {
  for (const [entry, out] of [
    [ENTRY, OUT],
    [PLUGIN_ENTRY, PLUGIN_OUT],
  ] as const) {
    const { content, licenses } = await bundled(entry);
    await mkdir(dirname(out), { recursive: true });
    await writeFile(out, content);
    await chmod(out, 0o755);
    await writeFile(out.replace(/mjs$/u, 'licenses.txt'), licenses);
    process.stdout.write(`${out}: ${(content.length / 1024).toFixed(0)} KiB\n`);
  }
}

export interface Bundle {
  readonly content: Uint8Array;
  readonly packages: readonly BundledPackage[];
  /** The packages' licences. */
  readonly licenses: string;
}

/** Returns the bundle's content alone. */
export async function bundle(entry: string = ENTRY): Promise<Uint8Array> {
  return (await bundled(entry)).content;
}

/**
 * Returns the bundle: agent/main.ts with all its imports, for Node 26 and later, starting with `#!`.
 * Keeps names and short lines, so that a stack trace from a node can be read. Removes white space and comments: Node keeps the
 * text in memory, twice as large when one character is outside Latin-1 (0.7 MB instead of 2.0). Throws esbuild's error.
 */
export async function bundled(entry: string = ENTRY): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    entryPoints: [entry],
    outfile: OUT,
    metafile: true,
    write: false,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node26',
    minifySyntax: true,
    minifyWhitespace: true,
    lineLimit: 160,
    charset: 'ascii',
    legalComments: 'eof',
    banner: { js: REQUIRE },
    plugins: [PAGE],
    absWorkingDir: CHECKOUT,
    logLevel: 'warning',
  });
  const content = outputFiles[0]?.contents;
  if (content === undefined || Buffer.from(content.subarray(0, 2)).toString() !== '#!') {
    throw new Error(`Expected the bundle of ${entry} to begin with #!, as its entry file must; got none.`);
  }
  const packages = await bundledPackages(metafile, CHECKOUT);
  return { content, packages, licenses: await licensesText(packages, CHECKOUT) };
}
