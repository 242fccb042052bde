// What a release is made from: a commit of this checkout.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { parse } from 'yaml';
import { run } from '../bed/build/run.ts';

export interface Source {
  /** The commit's full hash. */
  readonly commit: string;
  /** When it was committed, in seconds since 1970: the time of everything in the release. */
  readonly epoch: number;
  /** False where files differ from the commit's, or are added. */
  readonly isClean: boolean;
}

/** Returns the commit that is checked out; throws a ToolError where git is missing or the folder is no checkout. */
export async function sourceOf(checkout: string): Promise<Source> {
  const git = async (...args: readonly string[]): Promise<string> =>
    (await run(['git', '-C', checkout, ...args])).stdout;
  const [commit = '', epoch] = (await git('log', '-1', '--format=%H %ct')).split(' ');
  const changes = await git('status', '--porcelain');
  return { commit, epoch: Number(epoch), isClean: changes === '' };
}

const PACKAGE = v.object({ version: v.string() });
const CHART = v.object({ version: v.string(), appVersion: v.string() });

/** Returns the version that package.json has; throws where the chart has another. */
export async function versionOf(checkout: string): Promise<string> {
  const { version } = v.parse(PACKAGE, JSON.parse(await readFile(join(checkout, 'package.json'), 'utf8')));
  const text = await readFile(join(checkout, 'daemonset', 'chart', 'Chart.yaml'), 'utf8');
  const chart = v.parse(CHART, parse(text));
  for (const field of ['version', 'appVersion'] as const) {
    if (chart[field] !== version) {
      throw new Error(
        `Expected ${field} of daemonset/chart/Chart.yaml to be ${version}, as in package.json, got ${chart[field]}.`,
      );
    }
  }
  return version;
}
