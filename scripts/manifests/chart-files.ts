// What is generated in daemonset/chart: the page of its values, and the copies of files of daemonset/ that are not templates.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { goInstalled, HELM_DOCS } from '../bed/build/go-install.ts';
import { run } from '../bed/build/run.ts';
import type { Log } from '../bed/util/progress.ts';

const BASE = join(import.meta.dirname, '..', '..', 'daemonset');
const CHART = join(BASE, 'chart');
/** Helm reads only files inside the chart. Templates take long texts from these, such as those that have braces. */
const COPIED = [
  'config-map.yaml',
  'policy-admission-policy.yaml',
  'policy-node-wide-admission-policy.yaml',
  'viewer-cluster-role.yaml',
  'operator-cluster-role.yaml',
  'report-cluster-role.yaml',
  'components/scheduling/admission-policy.yaml',
  'components/warnings/admission-policy.yaml',
  'components/monitoring/prometheus-rule.yaml',
  'components/monitoring/dashboard.yaml',
];

/** Returns the content of each generated file by its path. Throws a GoMissingError without Go. */
export async function chartFiles(log: Log): Promise<Readonly<Record<string, string>>> {
  const copies = COPIED.map(
    async (file) => [join(CHART, 'files', nameOf(file)), await readFile(join(BASE, file), 'utf8')] as const,
  );
  return {
    [join(CHART, 'README.md')]: await valuesPage(CHART, log),
    ...Object.fromEntries(await Promise.all(copies)),
  };
}

/** Returns the name of a file's copy: that of a component's file begins with the component's. */
function nameOf(file: string): string {
  return file.replace('components/', '').replace('/', '-');
}

/** Returns the README.md of a chart's folder; helm-docs writes it from the comments of values.yaml and README.md.gotmpl. */
export async function valuesPage(chart: string, log: Log): Promise<string> {
  const helmDocs = await goInstalled(HELM_DOCS, log);
  const order = ['--sort-values-order', 'file'];
  const { stdout } = await run([helmDocs, '--chart-search-root', chart, '--dry-run', ...order]);
  return `${stdout.trimEnd()}\n`;
}
