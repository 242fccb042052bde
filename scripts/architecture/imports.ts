// The imports among the files of a folder, read from their source.

import { readdir, readFile } from 'node:fs/promises';
import { join, normalize } from 'node:path';

/** One file that imports another; paths are relative to the folder. */
export interface Import {
  readonly from: string;
  readonly to: string;
  /** Imports types only, so it does not exist at run time. */
  readonly isType: boolean;
}

export interface Source {
  /** All TypeScript files, sorted. */
  readonly files: readonly string[];
  readonly imports: readonly Import[];
}

const STATEMENT = /^(?:import|export)\s+(?<clause>[^'";]*?)\s*from\s+'(?<path>\.[^']+)'/gmu;
const CALL = /\bimport\('(?<path>\.[^']+)'\)/gu;

/** Reads every `.ts` file below `folder`. Throws when an import leads to no file in it. */
export async function readSource(folder: string): Promise<Source> {
  const names = await readdir(folder, { recursive: true });
  const files = names.filter((name) => name.endsWith('.ts')).toSorted();
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  const imports = files.flatMap((file, index) => importsIn(file, texts[index] ?? ''));
  const known = new Set(files);
  const lost = imports.find(({ to }) => !known.has(to) && !to.startsWith('..'));
  if (lost !== undefined)
    throw new Error(`Expected ${lost.from} to import a file, got ${lost.to}: no such file.`);
  return { files, imports: imports.filter(({ to }) => known.has(to)) };
}

/** Returns the imports by relative path in the text of `file`. */
export function importsIn(file: string, text: string): readonly Import[] {
  const statements = [...text.matchAll(STATEMENT)].map(({ groups = {} }) => ({
    path: groups['path'] ?? '',
    isType: isType(groups['clause'] ?? ''),
  }));
  const calls = [...text.matchAll(CALL)].map(({ groups = {} }) => ({
    path: groups['path'] ?? '',
    isType: false,
  }));
  return [...statements, ...calls].map(({ path, isType: only }) => ({
    from: file,
    to: normalize(join(file, '..', path)),
    isType: only,
  }));
}

function isType(clause: string): boolean {
  if (/^type\b/u.test(clause)) return true;
  const names = /^\{(?<names>[\s\S]*)\}$/u.exec(clause)?.groups?.['names']?.split(',') ?? [clause];
  return names.map((name) => name.trim()).every((name) => name === '' || name.startsWith('type '));
}
