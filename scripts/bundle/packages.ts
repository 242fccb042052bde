// The npm packages of which a bundle has code.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import * as v from 'valibot';

export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** As package.json declares it, such as `MIT`. */
  readonly license: string;
  /** Relative to the checkout. */
  readonly folder: string;
  /** Of the archive that npm installed, such as `sha512-…`. */
  readonly integrity: string;
}

const PACKAGE = v.object({ name: v.string(), version: v.string(), license: v.string() });
const LOCK = v.object({ packages: v.record(v.string(), v.object({ integrity: v.optional(v.string()) })) });

/** The innermost package of a path, from the outermost node_modules on, which may be a link; a scope is part of the name. */
const FOLDER = /\b(?<folder>node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+)\//u;

/**
 * Returns the packages whose code is in the outputs, by name and version. Throws for a package without a declared licence, or one
 * that package-lock.json has no integrity of.
 */
export async function bundledPackages(
  { outputs }: Metafile,
  checkout: string,
): Promise<readonly BundledPackage[]> {
  const { packages } = v.parse(LOCK, await json(join(checkout, 'package-lock.json')));
  const found = foldersIn(outputs).map(async (folder): Promise<BundledPackage> => {
    const integrity = packages[folder]?.integrity;
    if (integrity === undefined) {
      throw new Error(`Expected package-lock.json to have the integrity of ${folder}, got none. Run npm ci.`);
    }
    const declared = v.safeParse(PACKAGE, await json(join(checkout, folder, 'package.json')));
    if (!declared.success) {
      throw new Error(`Expected ${folder}/package.json to have name, version and license as text.`);
    }
    const { name, version, license } = declared.output;
    return { name, version, license, folder, integrity };
  });
  return (await Promise.all(found)).toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
}

function keyOf({ name, version, folder }: BundledPackage): string {
  return `${name}@${version} ${folder}`;
}

/** A file of which nothing is left adds no code. */
function foldersIn(outputs: Metafile['outputs']): readonly string[] {
  const inputs = Object.values(outputs).flatMap((output) => Object.entries(output.inputs));
  const folders = inputs
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .map(([path]) => FOLDER.exec(path)?.groups?.['folder']);
  return [...new Set(folders.filter((folder) => folder !== undefined))];
}

async function json(file: string): Promise<unknown> {
  return JSON.parse(await readFile(file, 'utf8'));
}
