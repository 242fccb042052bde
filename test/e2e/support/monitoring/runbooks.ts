// The commands of docs/runbooks, and the plugin with which they are run.

import { chmod, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { bundle } from '../../../../scripts/build.ts';
import { DEFAULT_KUBERNETES_VERSION, kubernetesBinary } from '../../../../scripts/bed/build/kubernetes.ts';
import { environment, type Outcome, run } from '../../../../scripts/bed/build/run.ts';
import { silent } from '../../../../scripts/bed/util/progress.ts';
import type { Bed } from '../../../../scripts/bed/bed.ts';

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
  const plugin = join(folder, 'kubectl-sysctls');
  await writeFile(plugin, await bundle(join(CHECKOUT, 'agent/kubectl.ts')));
  await chmod(plugin, 0o755);
  const kubectl = await kubernetesBinary('kubectl', DEFAULT_KUBERNETES_VERSION, silent);
  await symlink(kubectl, join(folder, 'kubectl'));
  const inherited = environment();
  const path = [folder, dirname(process.execPath), inherited['PATH'] ?? ''].join(delimiter);
  const env = { ...inherited, PATH: path, KUBECONFIG: bed.kubeconfig };
  return (command) => run(command.split(' '), { reject: false, timeoutMs: 60_000 }, env);
}
