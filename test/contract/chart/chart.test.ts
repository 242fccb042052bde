// The chart as a package: lint, version, the page of its values, and install.yaml.

import { execFileSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { objectAt } from '../../../agent/cluster/http/json.ts';
import { HELM_3, HELM_4 } from '../../../scripts/bed/build/go-install.ts';
import { DEFAULT_KUBERNETES_VERSION } from '../../../scripts/bed/build/kubernetes.ts';
import { silent } from '../../../scripts/bed/util/progress.ts';
import { chartFiles } from '../../../scripts/manifests/chart-files.ts';
import { installYaml } from '../../../scripts/manifests/install-yaml.ts';
import { buildTools, CHART, kustomizeObjects, nameOf, objectsIn, runHelm } from './render.ts';
import { leaves } from './schema.ts';

const CHECKOUT = join(CHART, '..', '..');
const MANIFESTS = join(CHECKOUT, 'scripts', 'manifests.ts');

beforeAll(buildTools);

it.each([HELM_3, HELM_4])('helm lint --strict of Helm $version finds nothing', async (helm) => {
  const on = { enabled: true };
  const everything = { metrics: { ...on, auth: on }, scheduling: on, warnings: on };
  for (const values of [{}, everything, { coordinator: { enabled: false } }]) {
    const args = ['lint', '--strict', '--kube-version', DEFAULT_KUBERNETES_VERSION, '--values', '-', CHART];
    const { stdout } = await runHelm(helm, args, { input: JSON.stringify(values) });
    expect(stdout).toContain('1 chart(s) linted, 0 chart(s) failed');
  }
});

it.each(['1.28.15', 'v1.28.9-gke.1000'])('Kubernetes %s, which is too old, is refused', async (version) => {
  const args = ['template', 'x', CHART, '--kube-version', version];
  const { exitCode, stderr } = await runHelm(HELM_4, args, { reject: false });
  expect(exitCode).not.toBe(0);
  expect(stderr).toContain('chart requires kubeVersion');
});

it('the chart has the version of the project', async () => {
  const chart = objectAt(parse(await readFile(join(CHART, 'Chart.yaml'), 'utf8')));
  const { version } = objectAt(JSON.parse(await readFile(join(CHECKOUT, 'package.json'), 'utf8')));
  expect(chart).toMatchObject({ version, appVersion: version });
});

it('the generated files of the chart are current: node scripts/manifests.ts chart', async () => {
  const expected = await chartFiles(silent);
  const found = Object.keys(expected).map(async (path) => [path, await readFile(path, 'utf8')] as const);
  expect(Object.fromEntries(await Promise.all(found))).toEqual(expected);
  const copies = await readdir(join(CHART, 'files'));
  expect(Object.keys(expected)).toHaveLength(copies.length + 1);
});

it('the page of the values describes every value', async () => {
  const page = await readFile(join(CHART, 'README.md'), 'utf8');
  const described = page.split('\n').filter((line) => /^\| [a-z]\S+ \| \w+ \| .* \| \S.* \|$/u.test(line));
  expect(described.length).toBe(leaves().length);
});

describe('install.yaml', () => {
  it('install.yaml has the objects of kustomize, with the image that was asked for', async () => {
    const image = 'registry.example:5000/agent:2';
    const text = await installYaml({ image }, silent);
    expect(text.match(/ image: .*/gu)).toEqual([` image: ${image}`, ` image: ${image}`]);
    const plain = text.replaceAll(image, 'kubelet-sysctl-agent:0.1.0');
    expect(objectsIn(plain)).toEqual(await kustomizeObjects([]));
  });

  it('install.yaml for clusters before 1.30 has no admission policy', async () => {
    const text = execFileSync(process.execPath, [MANIFESTS, 'install', '--component', 'before-1.30'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    expect(objectsIn(text).map(nameOf)).toEqual((await kustomizeObjects(['before-1.30'])).map(nameOf));
    expect(text).not.toContain('ValidatingAdmissionPolicy');
  });
});
