// Reads a host's policy: a file with the ConfigMap's YAML, or a folder with one file for each key, as a mounted ConfigMap is.

import type { Stats } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { PolicyError } from '../../policy/policy.ts';
import { errorText } from '../../text/error-text.ts';
import { ConfigMapFileError, policyErrorOf, readConfigMapFile } from '../config-map-file.ts';

export interface HostPolicy {
  readonly data: Readonly<Record<string, string>>;
  /** Why there is no data that could be judged; undefined when there is. */
  readonly unreadable: PolicyError | undefined;
  /** The files that were read or are missing, for a watch. */
  readonly files: readonly string[];
}

/** The API server takes no larger ConfigMap. */
const LARGEST_KEY = 1024 * 1024;

/** Reads the policy at `path`, links followed. Never throws: what is wrong is in the answer, with the place and what was expected there. */
export async function readHostPolicy(path: string): Promise<HostPolicy> {
  try {
    const found = await statOf(path);
    return found?.isDirectory() === true ? await readFolder(path) : await readOneFile(path, found);
  } catch (error) {
    const unreadable =
      error instanceof ConfigMapFileError ? policyErrorOf(error) : notRead(path, errorText(error));
    return { data: {}, unreadable, files: [path] };
  }
}

/** undefined: nothing is there, or a link leads nowhere. Rejects when that cannot be found out. */
async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) {
      return undefined;
    }
    throw error;
  }
}

async function readOneFile(path: string, found: Stats | undefined): Promise<HostPolicy> {
  // Reading a FIFO or a device would not end.
  if (found?.isFile() === false) {
    return { data: {}, unreadable: notRead(path, 'something else'), files: [path] };
  }
  return { data: await readConfigMapFile(path), unreadable: undefined, files: [path] };
}

async function readFolder(folder: string): Promise<HostPolicy> {
  // Names with a dot in front are the kubelet's links of a mounted ConfigMap, and editors' own files.
  const names = (await readdir(folder)).filter((name) => !name.startsWith('.')).toSorted();
  const entries = await Promise.all(names.map((name) => readKey(folder, name)));
  const files = names.map((name) => join(folder, name));
  const wrong = entries.find((entry) => entry !== undefined && 'message' in entry);
  if (wrong !== undefined && 'message' in wrong) {
    return { data: {}, unreadable: wrong, files };
  }
  const texts = entries.flatMap((entry) =>
    entry !== undefined && 'text' in entry ? [[entry.key, entry.text]] : [],
  );
  return { data: Object.fromEntries(texts), unreadable: undefined, files };
}

/** Returns the text of one key, what is wrong with its file, or undefined for a folder, which is no key. */
async function readKey(
  folder: string,
  key: string,
): Promise<{ readonly key: string; readonly text: string } | PolicyError | undefined> {
  const path = join(folder, key);
  const expected = (found: string): PolicyError => ({
    key,
    line: 1,
    message: `Expected ${path} to be a file with the text of the key ${key}, found ${found}. Correct or remove it.`,
  });
  try {
    const found = await statOf(path);
    if (found?.isDirectory() === true) return undefined;
    if (found === undefined) return expected('a link to nothing');
    if (!found.isFile()) return expected('something else');
    if (found.size > LARGEST_KEY) return expected(`${found.size} bytes, which no ConfigMap holds`);
    return { key, text: new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path)) };
  } catch (error) {
    return expected(error instanceof TypeError ? 'bytes that are not UTF-8' : errorText(error));
  }
}

function notRead(path: string, found: string): PolicyError {
  return {
    key: '',
    line: 1,
    message: `${path}: Expected a file with the ConfigMap's YAML, or a folder with one file for each of its keys, found ${found}.`,
  };
}
