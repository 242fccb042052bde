// The page of the chart's values, written by helm-docs from the comments in values.yaml.

import { join } from 'node:path';
import { goInstalled, HELM_DOCS } from '../bed/build/go-install.ts';
import { run } from '../bed/build/run.ts';
import type { Log } from '../bed/util/progress.ts';

const CHART = join(import.meta.dirname, '..', '..', 'daemonset', 'chart');

/** The committed page. */
export const CHART_README = join(CHART, 'README.md');

/** Returns the page as it has to be. Throws a GoMissingError without Go. */
export async function chartReadme(log: Log): Promise<string> {
  const helmDocs = await goInstalled(HELM_DOCS, log);
  const order = ['--sort-values-order', 'file'];
  const { stdout } = await run([helmDocs, '--chart-search-root', CHART, '--dry-run', ...order]);
  return `${stdout.trimEnd()}\n`;
}
