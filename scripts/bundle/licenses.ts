// The licences of the packages in a bundle, in one text that is delivered beside it.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BundledPackage } from './packages.ts';

const IS_LICENSE = /^(?:un)?licen[cs]e|^copying|^notice/iu;
const RULE = '-'.repeat(80);

/** Returns the text: of each package its name, version, declared licence and the licence files that it has. */
export async function licensesText(packages: readonly BundledPackage[], checkout: string): Promise<string> {
  const parts = await Promise.all(packages.map(async (each) => partOf(each, checkout)));
  const head = `This program contains code of ${packages.length} packages, under their licences:\n`;
  return [head, ...parts].join(`\n${RULE}\n`);
}

async function partOf({ name, version, license, folder }: BundledPackage, checkout: string): Promise<string> {
  const files = (await readdir(join(checkout, folder))).filter((file) => IS_LICENSE.test(file)).toSorted();
  const texts = await Promise.all(files.map((file) => readFile(join(checkout, folder, file), 'utf8')));
  const none = `The package has no licence file; its package.json declares ${license}.`;
  const text =
    texts.length === 0 ? none : texts.map((each) => each.replaceAll('\r\n', '\n').trim()).join('\n\n');
  return `${name} ${version} (${license})\n\n${text}\n`;
}
