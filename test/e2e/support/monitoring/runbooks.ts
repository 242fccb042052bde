// The commands of docs/runbooks, and the plugin with which they are run.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Outcome, run } from '../../../../scripts/bed/build/run.ts';
import { silent } from '../../../../scripts/bed/util/progress.ts';
import type { Bed } from '../../../../scripts/bed/bed.ts';
import { shellEnvironment } from '../../../../scripts/kubernetes/shell.ts';

const CHECKOUT = join(import.meta.dirname, '../../../..');
const RUNBOOKS = join(CHECKOUT, 'docs/runbooks');

export interface RunbookCommand {
  readonly page: string;
  readonly command: string;
  /** It is run on the Node, not where kubectl is. */
  readonly onNode: boolean;
}

/** Returns every command of the pages in their order, a command of several pages once. */
export async function runbookCommands(): Promise<readonly RunbookCommand[]> {
  const pages = (await readdir(RUNBOOKS)).toSorted();
  const found = await Promise.all(
    pages.map(async (page) => {
      const text = await readFile(join(RUNBOOKS, page), 'utf8');
      return [...text.matchAll(/^```sh(?<where> node)?\n(?<lines>.*?)^```$/gmsu)].flatMap(({ groups }) =>
        (groups?.['lines'] ?? '')
          .trimEnd()
          .split('\n')
          .map((command) => ({ page, command, onNode: groups?.['where'] !== undefined })),
      );
    }),
  );
  const byCommand = new Map(found.flat().map((each) => [each.command, each]));
  return [...byCommand.values()];
}

/** Makes a folder with kubectl and the plugin; returns a function that runs a command line with them against the bed. */
export async function shellFor(bed: Bed, folder: string): Promise<(command: string) => Promise<Outcome>> {
  const env = await shellEnvironment(bed, folder, silent);
  return (command) => run(command.split(' '), { reject: false, timeoutMs: 60_000 }, env);
}
