// The chart and the kustomize base are one installation: the same objects, whichever tool renders them.

import { beforeAll, describe, expect, it } from 'vitest';
import { objectAt, type JsonObject } from '../../../agent/cluster/http/json.ts';
import { HELM_3, HELM_4 } from '../../../scripts/bed/build/go-install.ts';
import { buildTools, chartObjects, kustomizeObjects, nameOf, type Rendering } from './render.ts';

/** What only Helm needs, and only in an object's own metadata. */
const HELM_LABELS = [
  'app.kubernetes.io/instance',
  'app.kubernetes.io/managed-by',
  'app.kubernetes.io/version',
  'helm.sh/chart',
];
const KEEP = 'helm.sh/resource-policy';

const CASES: readonly {
  readonly title: string;
  readonly rendering: Rendering;
  readonly components: readonly string[];
}[] = [
  { title: 'by default', rendering: {}, components: [] },
  { title: 'before 1.30', rendering: { kubeVersion: '1.29.0' }, components: ['before-1.30'] },
  {
    title: 'with monitoring',
    rendering: { values: { metrics: { enabled: true } } },
    components: ['components/monitoring'],
  },
  {
    title: 'with monitoring for accounts that may read it',
    rendering: { values: { metrics: { enabled: true, auth: { enabled: true } } } },
    components: ['components/monitoring-auth'],
  },
  {
    title: 'with monitoring before 1.30',
    rendering: { values: { metrics: { enabled: true } }, kubeVersion: 'v1.29.15-eks-1234' },
    components: ['components/monitoring', 'before-1.30'],
  },
  {
    title: 'with scheduling and warnings',
    rendering: { values: { scheduling: { enabled: true }, warnings: { enabled: true } } },
    components: ['components/scheduling', 'components/warnings'],
  },
  {
    title: 'with warnings in Kubernetes 1.30',
    rendering: { values: { warnings: { enabled: true } }, kubeVersion: '1.30.0' },
    components: ['components/warnings'],
  },
  {
    title: 'with everything in Kubernetes 1.36',
    rendering: {
      values: { scheduling: { enabled: true }, warnings: { enabled: true }, metrics: { enabled: true } },
      kubeVersion: 'v1.36.0-gke.100',
    },
    components: ['components/scheduling', 'components/warnings', 'components/monitoring'],
  },
];

beforeAll(buildTools);

describe.each([HELM_3, HELM_4])('Helm $version', (helm) => {
  it.each(CASES)(
    '$title the chart makes the objects of kustomize, all but the Namespace',
    async ({ rendering, components }) => {
      const [chart, base] = await Promise.all([
        chartObjects({ ...rendering, helm }),
        kustomizeObjects(components),
      ]);
      // Helm cannot own the namespace that its release is in; NOTES.txt names the label that kustomize sets.
      expect(comparable(chart)).toEqual(comparable(base.filter(({ kind }) => kind !== 'Namespace')));
    },
  );

  it('without the coordinator the chart makes the objects of kustomize that are not the coordinator', async () => {
    const values = { coordinator: { enabled: false } };
    const chart = await chartObjects({ values, helm });
    const base = (await kustomizeObjects([])).filter(
      (object) => object['kind'] !== 'Namespace' && !nameOf(object).includes('coordinator'),
    );
    const waits = { name: 'WAIT_FOR_APPROVAL', value: 'true' };
    expect(JSON.stringify(base)).toContain(JSON.stringify(waits));
    expect(comparable(chart)).toEqual(comparable(base.map((object) => withoutEnv(object, waits.name))));
  });
});

/** Returns the objects by their names, without what only Helm needs. */
function comparable(objects: readonly JsonObject[]): ReadonlyMap<string, unknown> {
  const named = objects.map((object) => [nameOf(object), withoutHelm(object)] as const);
  const sorted = new Map(named.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  expect(sorted.size).toBe(objects.length);
  return sorted;
}

function withoutHelm(object: JsonObject): JsonObject {
  const { annotations, ...metadata } = objectAt(object, 'metadata');
  const others = omit(objectAt(annotations), [KEEP]);
  return {
    ...object,
    metadata: {
      ...metadata,
      labels: omit(objectAt(metadata['labels']), HELM_LABELS),
      ...(Object.keys(others).length === 0 ? {} : { annotations: others }),
    },
  };
}

function omit(object: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
}

/** Returns the object without one variable in the environment of its containers. */
function withoutEnv(object: JsonObject, name: string): JsonObject {
  if (object['kind'] !== 'DaemonSet') return object;
  const isOther = (entry: unknown): boolean => objectAt(entry)['name'] !== name;
  return JSON.parse(
    JSON.stringify(object, (key, value: unknown) =>
      key === 'env' && Array.isArray(value) ? value.filter(isOther) : value,
    ),
  );
}
