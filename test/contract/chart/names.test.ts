// Releases of any name in any namespace: their objects refer to each other, and what may never change does not.

import { beforeAll, describe, expect, it } from 'vitest';
import { objectAt, objectsAt, stringAt, type JsonObject } from '../../../agent/cluster/http/json.ts';
import { buildTools, chartObjects, nameOf, type Rendering, theOne } from './render.ts';

const AGENT = 'kubelet-sysctl-agent';
const COORDINATOR = 'kubelet-sysctl-coordinator';
const ON = { enabled: true };
const EVERYTHING = { metrics: { ...ON, auth: ON }, scheduling: ON, warnings: ON };

interface Release {
  readonly title: string;
  readonly rendering: Rendering;
  /** What the release has to make of it. */
  readonly namespace: string;
  readonly agent: string;
  readonly coordinator: string;
}

const RELEASES: readonly Release[] = [
  named(AGENT, AGENT, { agent: AGENT, coordinator: COORDINATOR }),
  named('x', 'y', { agent: `x-${AGENT}`, coordinator: `x-${COORDINATOR}` }),
  named('x', 'default', { agent: `x-${AGENT}`, coordinator: `x-${COORDINATOR}` }),
  named(`${AGENT}-2`, '123', { agent: `${AGENT}-2`, coordinator: `${AGENT}-2-coordinator` }),
  {
    title: 'with overrides',
    rendering: {
      release: 'team.one',
      namespace: 'y',
      values: { fullnameOverride: '1e3', namespaceOverride: 'kube-system' },
    },
    namespace: 'kube-system',
    agent: '1e3',
    coordinator: '1e3-coordinator',
  },
];

beforeAll(buildTools);

describe.each(RELEASES)('a release $title', ({ rendering, namespace, agent, coordinator }) => {
  const values = { ...EVERYTHING, ...objectAt(rendering.values) };
  let objects: readonly JsonObject[];
  beforeAll(async () => {
    objects = await chartObjects({ ...rendering, values });
  });

  it('every object has a name of its own, and is in the namespace of the release or in none', () => {
    expect(new Set(objects.map(nameOf)).size).toBe(objects.length);
    const places = objects.map((object) => objectAt(object, 'metadata')['namespace'] ?? namespace);
    expect(new Set(places)).toEqual(new Set([namespace, 'default']));
  });

  it('the admission policies restrict the accounts that the pods use', () => {
    for (const [name, kind] of [
      [agent, 'DaemonSet'],
      [coordinator, 'Deployment'],
    ] as const) {
      const pod = objectAt(theOne(objects, kind, name), 'spec', 'template', 'spec');
      expect(pod['serviceAccountName']).toBe(name);
      theOne(objects, 'ServiceAccount', name);
      const policy = objectAt(theOne(objects, 'ValidatingAdmissionPolicy', name), 'spec');
      const [condition] = objectsAt(policy, 'matchConditions');
      expect(condition?.['expression']).toBe(
        `request.userInfo.username == 'system:serviceaccount:${namespace}:${name}'`,
      );
      const binding = objectAt(theOne(objects, 'ValidatingAdmissionPolicyBinding', name), 'spec');
      expect(binding['policyName']).toBe(name);
    }
  });

  it('every other admission policy restricts or reads what is of the release', () => {
    const specOf = (kind: string, name: string): JsonObject => objectAt(theOne(objects, kind, name), 'spec');
    const common = agent.replace(/-agent$/u, '');
    const events = JSON.stringify(specOf('ValidatingAdmissionPolicy', `${agent}-events`));
    expect(events).toContain(`'system:serviceaccount:${namespace}:${agent}'`);
    expect(events).toContain(`request.namespace == '${namespace}'`);
    for (const name of [`${common}s`, `${common}s-node-wide`]) {
      const matched = objectAt(specOf('ValidatingAdmissionPolicy', name), 'matchConstraints');
      expect(matched['namespaceSelector']).toEqual({
        matchLabels: { 'kubernetes.io/metadata.name': namespace },
      });
    }
    for (const [kind, name] of [
      ['MutatingAdmissionPolicyBinding', `${common}-scheduling`],
      ['ValidatingAdmissionPolicyBinding', `${common}-warnings`],
    ] as const) {
      expect(specOf(kind, name)['paramRef']).toMatchObject({ name: 'kubelet-sysctls-lists', namespace });
    }
    const bindings = objects.filter(({ kind }) => String(kind).endsWith('AdmissionPolicyBinding'));
    const bound = bindings.map(({ kind, spec }) => [String(kind).replace('Binding', ''), spec] as const);
    expect(bound.length).toBe(7);
    for (const [kind, spec] of bound) theOne(objects, kind, String(objectAt(spec)['policyName']));
  });

  it('what people read names the namespace and the coordinator of the release', () => {
    const warnings = `${agent.replace(/-agent$/u, '')}-warnings`;
    const warning = JSON.stringify(theOne(objects, 'ValidatingAdmissionPolicy', warnings));
    expect(warning).toContain(`ConfigMap ${namespace}/kubelet-sysctls`);
    const alerts = JSON.stringify(theOne(objects, 'PrometheusRule'));
    expect(alerts).toContain(`Check its pod in namespace ${namespace}.`);
    expect(alerts).toContain(`the Deployment ${coordinator}.`);
  });

  it('every binding refers to a role and an account of the release', () => {
    const names = objects.map(nameOf);
    const bindings = objects.filter(({ kind }) => String(kind).endsWith('RoleBinding'));
    expect(bindings.length).toBeGreaterThan(3);
    for (const binding of bindings) {
      const place = stringAt(objectAt(binding, 'metadata'), 'namespace') ?? '';
      const { kind, name } = objectAt(binding, 'roleRef');
      expect(names).toContain(`${String(kind)} ${kind === 'ClusterRole' ? '' : place}/${String(name)}`);
      for (const subject of objectsAt(binding, 'subjects')) {
        expect(names).toContain(`ServiceAccount ${String(subject['namespace'])}/${String(subject['name'])}`);
      }
    }
  });

  it('the agents may write Events about Nodes, which are in the namespace default', () => {
    const roles = objects.filter(
      (object) => object['kind'] === 'Role' && objectAt(object, 'metadata')['namespace'] === 'default',
    );
    expect(JSON.stringify(roles)).toContain('{"apiGroups":[""],"resources":["events"],"verbs":["create"]}');
  });
});

// Never change these: the API server refuses an upgrade with another selector, and the user would have to delete the agents.
it.each(RELEASES)(
  'the selectors of a release $title are those of every other release, and select its pods',
  async ({ rendering }) => {
    const values = {
      ...EVERYTHING,
      ...objectAt(rendering.values),
      commonLabels: { 'app.kubernetes.io/name': 'other', team: 'x' },
    };
    const objects = await chartObjects({ ...rendering, values });
    for (const [kind, name] of [
      ['DaemonSet', AGENT],
      ['Deployment', COORDINATOR],
    ] as const) {
      const spec = objectAt(theOne(objects, kind), 'spec');
      expect(spec['selector']).toEqual({ matchLabels: { 'app.kubernetes.io/name': name } });
      // A label of the chart or its version would restart every pod with a new chart.
      expect(objectAt(spec, 'template', 'metadata', 'labels')).toEqual({ 'app.kubernetes.io/name': name });
      expect(objectAt(theOne(objects, kind), 'metadata', 'labels')).toMatchObject({
        'app.kubernetes.io/name': AGENT,
        'app.kubernetes.io/instance': rendering.release,
        team: 'x',
      });
    }
  },
);

function named(release: string, namespace: string, names: Pick<Release, 'agent' | 'coordinator'>): Release {
  return {
    title: `${release} in namespace ${namespace}`,
    rendering: { release, namespace },
    namespace,
    ...names,
  };
}
