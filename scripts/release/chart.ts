// The Helm chart as `helm package` names it, with the image of the release as its default.

import { copyFile, cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import type { Log } from '../bed/util/progress.ts';
import { workFolder } from '../bed/util/work-folder.ts';
import { valuesPage } from '../manifests/chart-files.ts';
import { pack } from './archive.ts';

const NAME = 'kubelet-sysctl-agent';

export interface ReleasedChart {
  readonly checkout: string;
  readonly repository: string;
  readonly digest: string;
  readonly epoch: number;
  readonly out: string;
}

/** Writes the archive; throws a GoMissingError without Go, which builds helm-docs. */
export async function releaseChart(chart: ReleasedChart, log: Log): Promise<void> {
  const { checkout, repository, digest, epoch, out } = chart;
  await using work = await workFolder(out);
  const folder = join(work.path, NAME);
  await cp(join(checkout, 'daemonset', 'chart'), folder, { recursive: true });
  await copyFile(join(checkout, 'LICENSE'), join(folder, 'LICENSE'));
  const values = join(folder, 'values.yaml');
  await writeFile(values, withImage(await readFile(values, 'utf8'), repository, digest));
  await writeFile(join(folder, 'README.md'), await valuesPage(folder, log));
  // .helmignore has it too.
  await rm(join(folder, 'README.md.gotmpl'));
  await pack({ folder: work.path, out, epoch });
}

/** Returns values.yaml with its comments and another image. */
function withImage(text: string, repository: string, digest: string): string {
  const values = parseDocument(text);
  values.setIn(['image', 'repository'], repository);
  values.setIn(['image', 'digest'], digest);
  return values.toString({ lineWidth: 0 });
}
