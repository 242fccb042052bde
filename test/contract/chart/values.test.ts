// The values of the chart: each has an effect, the schema knows each, and refuses what the chart does not have.

import { beforeAll, describe, expect, it } from 'vitest';
import { objectAt } from '../../../agent/cluster/http/json.ts';
import { HELM_3, HELM_4 } from '../../../scripts/bed/build/go-install.ts';
import { buildTools, chartObjects, helmTemplate, objectsIn, theOne } from './render.ts';
import { defaults, leaves, levels, schemaAt, schemaText, withValue } from './schema.ts';

const METRICS_ON = withValue({}, ['metrics', 'enabled'], true);
const ALL_ON = withValue(METRICS_ON, ['metrics', 'auth', 'enabled'], true);
const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;

beforeAll(buildTools);

describe('every value of the chart', () => {
  it('a text, number, list or map that is set as a value appears in the objects', async () => {
    const texts = leaves().filter(
      ({ path, value }) => !isSwitch(value) && !['policy', 'image.digest'].includes(path.join('.')),
    );
    const marked = texts.map(({ path, value }, index) => ({ path, ...markFor(value, 71_000 + index) }));
    const values = marked.reduce((all, { path, marking }) => withValue(all, path, marking), ALL_ON);
    const { stdout } = await helmTemplate({ values, args: ['--skip-schema-validation'] });
    const unused = marked.filter(({ mark }) => !stdout.includes(mark));
    expect(unused.map(({ path }) => path.join('.'))).toEqual([]);
    expect(marked.length).toBeGreaterThan(25);
  });

  const switches = leaves().filter(({ value }) => isSwitch(value));
  it.each(switches.map((leaf) => ({ ...leaf, name: leaf.path.join('.') })))(
    'the switch $name changes the objects',
    async ({ path, value }) => {
      // Without the coordinator there can be no metrics.
      const base = path[0] === 'metrics' && path[1] !== 'enabled' ? METRICS_ON : {};
      const [before, after] = await Promise.all([
        chartObjects({ values: base }),
        chartObjects({ values: withValue(base, path, value === false) }),
      ]);
      expect(after).not.toEqual(before);
    },
  );

  it('a digest takes precedence over the tag, and the tag over the version of the chart', async () => {
    const repository = 'registry.example:5000/agent';
    const images = async (image: object): Promise<ReadonlySet<string>> => {
      const { stdout } = await helmTemplate({ values: { image: { repository, ...image } } });
      return new Set([...stdout.matchAll(/ image: "(.*)"/gu)].map(([, found = '']) => found));
    };
    expect(await images({})).toEqual(new Set([`${repository}:0.1.0`]));
    expect(await images({ tag: 'edge' })).toEqual(new Set([`${repository}:edge`]));
    expect(await images({ tag: 'edge', digest: DIGEST })).toEqual(new Set([`${repository}@${DIGEST}`]));
  });

  it('a value of the agent leaves what its pods need: the operating system, and the name by which they are found', async () => {
    const agent = {
      nodeSelector: { pool: 'a', 'kubernetes.io/os': 'windows' },
      podLabels: { team: 'x', 'app.kubernetes.io/name': 'other' },
      extraEnv: [{ name: 'TZ', value: 'UTC' }],
      tolerations: [],
    };
    const spec = objectAt(theOne(await chartObjects({ values: { agent } }), 'DaemonSet'), 'spec', 'template');
    expect(objectAt(spec, 'metadata', 'labels')).toEqual({
      team: 'x',
      'app.kubernetes.io/name': 'kubelet-sysctl-agent',
    });
    expect(objectAt(spec, 'spec', 'nodeSelector')).toEqual({ pool: 'a', 'kubernetes.io/os': 'linux' });
    expect(objectAt(spec, 'spec')['tolerations']).toBeUndefined();
    expect(JSON.stringify(spec)).toContain('{"name":"TZ","value":"UTC"}');
  });

  it('metrics without the coordinator are refused with the reason', async () => {
    const values = { metrics: { enabled: true }, coordinator: { enabled: false } };
    const { exitCode, stderr } = await helmTemplate({ values });
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain('metrics.enabled needs coordinator.enabled');
  });

  it('a guard of metrics that are not served is refused with the reason', async () => {
    const { exitCode, stderr } = await helmTemplate({ values: { metrics: { auth: { enabled: true } } } });
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain('metrics.auth.enabled needs metrics.enabled');
  });

  const noCoordinator = { coordinator: { enabled: false } };
  const noPolicies = { admissionPolicies: { enabled: false } };
  it.each([
    [
      'scheduling',
      'v1.35.4-eks-1',
      {},
      'scheduling.enabled needs Kubernetes 1.36 or later, got v1.35.4-eks-1',
    ],
    ['scheduling', '1.36.0', noCoordinator, 'scheduling.enabled needs coordinator.enabled'],
    ['warnings', '1.29.15', {}, 'Kubernetes 1.30 or later, got v1.29.15'],
    ['warnings', '1.36.0', noPolicies, 'admissionPolicies.enabled not false'],
    ['warnings', '1.36.0', noCoordinator, 'warnings.enabled needs coordinator.enabled'],
  ])('%s in Kubernetes %s with %j is refused with the reason', async (part, kubeVersion, others, reason) => {
    const values = { ...others, [part]: { enabled: true } };
    const { exitCode, stderr, stdout } = await helmTemplate({ values, kubeVersion });
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain(reason);
    expect(stdout).toBe('');
  });
});

describe('the schema', () => {
  it('the schema knows the keys of values.yaml and no other', () => {
    const known = levels().map((path) => ({
      path,
      keys: Object.keys(objectAt(schemaAt(path)['properties'])).filter((key) => key !== 'global'),
    }));
    expect(known.length).toBeGreaterThan(7);
    const own = known.filter(({ path }) => path[0] !== 'policy');
    const found = own.map(({ path }) => ({ path, keys: Object.keys(objectAt(defaults, ...path)) }));
    expect(found.map(sorted)).toEqual(own.map(sorted));
  });

  it('the schema needs no network', () => {
    expect(schemaText).not.toContain('http');
    const references = [...schemaText.matchAll(/"\$(?:ref|id|schema)": *"(.*?)"/gu)];
    expect(references.length).toBeGreaterThan(0);
    expect(references.filter(([, to = '']) => !to.startsWith('#/$defs/'))).toEqual([]);
  });

  it.each([HELM_3, HELM_4])(
    'Helm $version refuses an unknown key at every level and names it',
    async (helm) => {
      const values = levels().reduce((all, path) => withValue(all, [...path, 'typo'], 'x'), {});
      const { exitCode, stderr, stdout } = await helmTemplate({ values, helm });
      expect(exitCode).not.toBe(0);
      expect(stdout).toBe('');
      for (const path of levels()) {
        expect(stderr).toContain(
          `'${path.map((key) => `/${key}`).join('')}': additional properties 'typo' not`,
        );
      }
    },
  );

  it.each([
    [['coordinator', 'replicas'], 'two', 'got string, want integer'],
    [['coordinator', 'enabled'], 'yes', 'got string, want boolean'],
    [['agent', 'logLevel'], 'verbose', 'must be one of'],
    [['agent', 'tolerations'], { operator: 'Exists' }, 'got object, want array'],
    [['agent', 'podAnnotations'], { a: 1 }, 'got number, want string'],
    [['image', 'digest'], 'sha256:abc', 'does not match pattern'],
    [['image', 'repository'], '', 'minLength'],
    [['fullnameOverride'], "a'b", 'does not match pattern'],
    [['metrics', 'port'], 0, 'minimum'],
    [['policy', 'maxUnavailable'], '0%', 'does not match pattern'],
    [['policy', 'nodeSoakSeconds'], 61, 'maximum'],
    [['policy', 'mode'], 'enforce', 'must be one of'],
    [['policy', 'profiles'], [{ name: 'a', selector: {} }], "additional properties 'selector' not allowed"],
  ])('%j as %j is refused with the path and what was expected', async (path, value, message) => {
    const { exitCode, stderr } = await helmTemplate({ values: withValue({}, path, value) });
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain(`at '/${path.join('/')}`);
    expect(stderr).toContain(message);
  });

  it('the values of a parent chart may have globals', async () => {
    expect(objectsIn((await helmTemplate({ values: { global: { any: 1 } } })).stdout).length).toBeGreaterThan(
      10,
    );
  });
});

function sorted({ path, keys }: { readonly path: readonly string[]; readonly keys: readonly string[] }) {
  return { path, keys: keys.toSorted() };
}

function isSwitch(value: unknown): boolean {
  return typeof value === 'boolean' || value === null;
}

/** Returns a value of the same type, and the text that it leaves in the objects. */
function markFor(value: unknown, number: number): { readonly marking: unknown; readonly mark: string } {
  const mark = `mark${number}`;
  if (typeof value === 'number') return { marking: number, mark: String(number) };
  if (typeof value === 'string') return { marking: mark, mark };
  return { marking: Array.isArray(value) ? [{ name: mark }] : { [mark]: mark }, mark };
}
