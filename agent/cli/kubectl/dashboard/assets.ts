// The page's files, from source. In the built plugin scripts/build.ts puts their text in place of this module.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Assets {
  readonly html: string;
  readonly style: string;
  readonly script: string;
}

const PAGE = join(import.meta.dirname, 'page');

/** Returns the page's HTML and style sheet, and its script, which esbuild bundles. Throws esbuild's error. */
export async function pageAssets(): Promise<Assets> {
  const { build } = await import('esbuild');
  const [html, style, bundled] = await Promise.all([
    readFile(join(PAGE, 'index.html'), 'utf8'),
    readFile(join(PAGE, 'style.css'), 'utf8'),
    build({
      entryPoints: [join(PAGE, 'main.ts')],
      write: false,
      bundle: true,
      format: 'esm',
      target: 'es2022',
      minifySyntax: true,
      minifyWhitespace: true,
      logLevel: 'warning',
    }),
  ]);
  return { html, style, script: bundled.outputFiles[0]?.text ?? '' };
}
