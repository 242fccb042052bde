import { execFileSync, spawnSync } from 'node:child_process';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { objectAt, type JsonObject } from '../../agent/cluster/http/json.ts';
import { NODE_WIDE_POLICY, nodeWidePolicyText } from '../../scripts/admission/node-wide.ts';
import { admissionPolicyText } from '../../scripts/admission/policy.ts';
import { RESTART_TIMEOUT_MS } from '../../agent/host/systemd.ts';
import { HEALTHZ_TIMEOUT_MS } from '../../agent/node/change/verify.ts';
import { REPORTS_WITHIN_MS } from '../../agent/node/change/node-ready.ts';
import { parsePolicy } from '../../agent/policy/parse.ts';
import { LONGEST_NODE_SOAK_SECONDS, SETTING_KEYS } from '../../agent/policy/settings.ts';
import { judge } from '../../agent/sysctl/judge.ts';
import { nodeWideNames } from '../../agent/sysctl/node-wide.ts';
import { NEWEST_KUBELET } from '../../agent/sysctl/version.ts';
import { LISTS_KEYS } from '../../agent/rollout/lists/lists.ts';
import {
  ALLOWS_PREFIX,
  COMPONENT,
  CONFIG_MAP,
  type EventReason,
  INPUT_KEYS,
  KEY_PREFIX,
  KEYS,
  LISTS_NAME,
  PENDING_TAINT,
  STATUS_NAME,
} from '../../agent/names.ts';

const READING = ['get', 'list', 'watch'];
const FOLDER = join(import.meta.dirname, '../../daemonset');
const NAME = 'kubelet-sysctl-agent';
const COORDINATOR = 'kubelet-sysctl-coordinator';

const files = { '.': filesIn('.'), coordinator: filesIn('coordinator') };
const rendered = render(FOLDER);
const objects =
  rendered ??
  Object.entries(files).flatMap(([folder, names]) =>
    names.flatMap((file) => objectsIn(readFileSync(join(FOLDER, folder, file), 'utf8'))),
  );

function filesIn(folder: string): string[] {
  return readdirSync(join(FOLDER, folder)).filter(
    (file) => file.endsWith('.yaml') && file !== 'kustomization.yaml',
  );
}

/** Returns the objects that `kubectl apply -k` applies; undefined without kubectl. */
function render(folder: string): JsonObject[] | undefined {
  try {
    const text = execFileSync('kubectl', ['kustomize', folder], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return objectsIn(text);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
}

/** Returns the objects of an overlay that adds a component; undefined without kubectl. */
function renderWith(component: string): JsonObject[] | undefined {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'overlay-')));
  const base = relative(folder, realpathSync(FOLDER));
  const overlay = { resources: [base], components: [`${base}/${component}`] };
  writeFileSync(join(folder, 'kustomization.yaml'), stringify(overlay));
  try {
    return render(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function objectsIn(text: string): JsonObject[] {
  return parseAllDocuments(text).map((document) => objectAt(document.toJS()));
}

const ofKind = (...kinds: string[]): JsonObject[] =>
  objects.filter((object) => kinds.includes(String(object['kind'])));

function theOne(kind: string, name?: string): JsonObject {
  const named = ofKind(kind).filter(
    (object) => name === undefined || objectAt(object, 'metadata')['name'] === name,
  );
  const [object, ...more] = named;
  if (object === undefined || more.length > 0) {
    throw new Error(`Expected one ${kind}, got ${named.length}`);
  }
  return object;
}

function rulesOf(name: string, namespace: string | undefined): unknown {
  const role = ofKind('Role', 'ClusterRole').find((object) => {
    const metadata = objectAt(object, 'metadata');
    return metadata['name'] === name && metadata['namespace'] === namespace;
  });
  return role?.['rules'];
}

describe('the manifests', () => {
  it.each(['.', 'coordinator'] as const)(
    'every file of %s holds one object and is listed in the kustomization',
    (folder) => {
      const text = readFileSync(join(FOLDER, folder, 'kustomization.yaml'), 'utf8');
      const listed: unknown = objectAt(parse(text))['resources'];
      expect(listed).toEqual(expect.arrayContaining(files[folder]));
      expect(listed).toHaveLength(files[folder].length);
    },
  );

  it('the kustomization renders one object for every manifest file', () => {
    expect(objects.length).toBe(files['.'].length + files.coordinator.length);
  });

  it('all objects are in one namespace, except the role for Events about Nodes', () => {
    const places = objects.map((object) => objectAt(object, 'metadata')['namespace']);
    expect(new Set(places)).toEqual(new Set([undefined, NAME, 'default']));
    expect(objectAt(theOne('Namespace'), 'metadata', 'labels')).toMatchObject({
      'pod-security.kubernetes.io/enforce': 'privileged',
    });
  });
});

/** Nothing binds them; the agent and the coordinator have others. */
const ROLES_FOR_PEOPLE = ['kubelet-sysctl-viewer', 'kubelet-sysctl-operator', 'kubelet-sysctl-report'];

describe('RBAC', () => {
  it('gives people three ClusterRoles, of which only the operator may write', () => {
    const written = ROLES_FOR_PEOPLE.map((name) => {
      const rules = [objectAt(theOne('ClusterRole', name))['rules']].flat().map((rule) => objectAt(rule));
      return rules.filter(({ verbs }) => ![verbs].flat().every((verb) => READING.includes(String(verb))));
    });
    const [viewer, operator, report] = written;
    expect([viewer, report]).toEqual([[], []]);
    expect(operator?.map(({ resources, resourceNames }) => [resources, resourceNames])).toEqual([
      [['nodes'], undefined],
      [['configmaps'], ['kubelet-sysctls']],
    ]);
  });

  it('grants the agent exactly these rights', () => {
    expect(rulesOf(NAME, undefined)).toEqual([
      { apiGroups: [''], resources: ['nodes'], verbs: ['list', 'watch', 'patch'] },
      { apiGroups: [''], resources: ['pods'], verbs: ['list', 'watch'] },
      { apiGroups: [''], resources: ['events'], verbs: ['create'] },
    ]);
    expect(rulesOf(NAME, NAME)).toEqual([
      {
        apiGroups: [''],
        resources: ['configmaps'],
        resourceNames: ['kubelet-sysctls'],
        verbs: ['list', 'watch'],
      },
      { apiGroups: [''], resources: ['events'], verbs: ['create'] },
    ]);
    expect(rulesOf(NAME, 'default')).toEqual([{ apiGroups: [''], resources: ['events'], verbs: ['create'] }]);
    expect(ofKind('Role', 'ClusterRole').length).toBe(5 + ROLES_FOR_PEOPLE.length);
  });

  it('grants the coordinator exactly these rights', () => {
    const configMaps = { apiGroups: [''], resources: ['configmaps'] };
    const leases = { apiGroups: ['coordination.k8s.io'], resources: ['leases'] };
    expect(rulesOf(COORDINATOR, undefined)).toEqual([
      { apiGroups: [''], resources: ['nodes'], verbs: ['list', 'watch', 'patch'] },
    ]);
    expect(rulesOf(COORDINATOR, NAME)).toEqual([
      { ...configMaps, resourceNames: ['kubelet-sysctls'], verbs: ['list', 'watch'] },
      { ...configMaps, resourceNames: [STATUS_NAME], verbs: ['get', 'patch'] },
      { ...configMaps, resourceNames: [LISTS_NAME], verbs: ['get', 'patch'] },
      { ...configMaps, verbs: ['create'] },
      { apiGroups: [''], resources: ['events'], verbs: ['create'] },
      { ...leases, resourceNames: ['kubelet-sysctls-coordinator'], verbs: ['get', 'patch'] },
      { ...leases, verbs: ['create'] },
    ]);
  });

  it('binds every role only to the ServiceAccount of the same name', () => {
    const bindings = ofKind('RoleBinding', 'ClusterRoleBinding');
    expect(bindings.length).toBe(5);
    for (const binding of bindings) {
      const { name } = objectAt(binding, 'metadata');
      expect(objectAt(binding, 'roleRef')['name']).toBe(name);
      expect(binding['subjects']).toEqual([{ kind: 'ServiceAccount', name, namespace: NAME }]);
    }
  });
});

describe.each([
  [NAME, 'is-the-agent'],
  [COORDINATOR, 'is-the-coordinator'],
])('the admission policy %s', (account, condition) => {
  const policy = objectAt(theOne('ValidatingAdmissionPolicy', account), 'spec');
  const binding = objectAt(theOne('ValidatingAdmissionPolicyBinding', account), 'spec');

  it('the admission policy is enforced, and refuses a request that it cannot evaluate', () => {
    expect(binding).toEqual({ policyName: account, validationActions: ['Deny'] });
    expect(policy['failurePolicy']).toBe('Fail');
  });

  it('the admission policy matches the ServiceAccount of its name, and every operation on Nodes', () => {
    const { namespace } = objectAt(theOne('ServiceAccount', account), 'metadata');
    const user = `system:serviceaccount:${String(namespace)}:${account}`;
    expect(policy['matchConditions']).toEqual([
      { name: condition, expression: `request.userInfo.username == '${user}'` },
    ]);
    expect(objectAt(policy, 'matchConstraints')['resourceRules']).toEqual([
      {
        apiGroups: [''],
        apiVersions: ['*'],
        operations: ['*'],
        resources: ['nodes', 'nodes/*'],
        scope: '*',
      },
    ]);
  });
});

describe('the admission policies', () => {
  const policy = objectAt(theOne('ValidatingAdmissionPolicy', NAME), 'spec');

  it('the admission policies allow the coordinator only its approval and our taint', () => {
    const text = stringify(theOne('ValidatingAdmissionPolicy', COORDINATOR), { lineWidth: 0 });
    expect(text).toContain(`key != '${INPUT_KEYS.approvedRevision}'`);
    const { key, effect } = PENDING_TAINT;
    expect(text).toContain(`(taint.key == '${key}' && taint.effect == '${effect}')`);
  });

  it('the admission policies allow the agent the keys of its report, and never the approved revision', () => {
    const variables: unknown = policy['variables'];
    const foreign = (Array.isArray(variables) ? variables.map((variable) => objectAt(variable)) : []).find(
      ({ name }) => name === 'foreignKeys',
    );
    expect(foreign?.['expression']).toContain(`!key.startsWith('${KEY_PREFIX}') ||`);
    expect(foreign?.['expression']).toContain(`key == '${KEY_PREFIX}approved-revision'`);
    expect(Object.values(KEYS)).not.toContain(`${KEY_PREFIX}approved-revision`);
  });

  it('the component for clusters before 1.30 removes the admission policies, and the right to Events everywhere', ({
    skip,
  }) => {
    const without = renderWith('before-1.30');
    if (without === undefined) return skip('there is no kubectl');
    const kept = objects.filter(({ apiVersion }) => apiVersion !== 'admissionregistration.k8s.io/v1');
    expect(without.filter((object) => !isAgentsRole(object))).toEqual(
      kept.filter((object) => !isAgentsRole(object)),
    );
    expect(without.find(isAgentsRole)?.['rules']).toEqual([
      { apiGroups: [''], resources: ['nodes'], verbs: ['list', 'watch', 'patch'] },
      { apiGroups: [''], resources: ['pods'], verbs: ['list', 'watch'] },
    ]);
    expect(without.length).toBe(objects.length - 10);
  });

  it("the admission policy of the agent's Events is enforced, and names our account, reason and ConfigMap", () => {
    const name = `${NAME}-events`;
    const events = objectAt(theOne('ValidatingAdmissionPolicy', name), 'spec');
    expect(events['failurePolicy']).toBe('Fail');
    expect(events['matchConditions']).toEqual(policy['matchConditions']);
    expect(objectAt(theOne('ValidatingAdmissionPolicyBinding', name), 'spec')).toEqual({
      policyName: name,
      validationActions: ['Deny'],
    });
    const reason: EventReason = 'SysctlNotAllowed';
    const text = stringify(events, { lineWidth: 0 });
    for (const word of [reason, CONFIG_MAP, COMPONENT]) expect(text).toContain(`== '${word}'`);
  });
});

describe.each([
  {
    name: CONFIG_MAP,
    file: 'policy-admission-policy.yaml',
    textOf: admissionPolicyText,
    actions: ['Deny'],
  },
  {
    name: NODE_WIDE_POLICY,
    file: 'policy-node-wide-admission-policy.yaml',
    textOf: nodeWidePolicyText,
    actions: ['Warn', 'Audit'],
  },
])("the ConfigMap's admission policy $name", ({ name, file, textOf, actions }) => {
  const policy = objectAt(theOne('ValidatingAdmissionPolicy', name), 'spec');

  it("the ConfigMap's admission policy is what the agents' rules of today give", () => {
    expect(readFileSync(join(FOLDER, file), 'utf8'), 'Run node scripts/admission-policy.ts').toBe(textOf());
  });

  it(`the ConfigMap's admission policy is a help, not a guard: ${actions.join(' and ')}, and nothing that cannot be judged`, () => {
    expect(policy['failurePolicy']).toBe('Ignore');
    expect(objectAt(theOne('ValidatingAdmissionPolicyBinding', name), 'spec')).toEqual({
      policyName: name,
      validationActions: actions,
    });
  });

  it("the ConfigMap's admission policy judges this one object alone, and not its deletion", () => {
    const { name: judged, namespace } = objectAt(theOne('ConfigMap'), 'metadata');
    expect(objectAt(policy, 'matchConstraints')).toEqual({
      matchPolicy: 'Equivalent',
      objectSelector: {},
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
      resourceRules: [
        {
          apiGroups: [''],
          apiVersions: ['v1'],
          operations: ['CREATE', 'UPDATE'],
          resources: ['configmaps'],
          resourceNames: [judged],
          scope: '*',
        },
      ],
    });
  });
});

it('the warning about names that no pod can set has the words of validate, and each name of the table in both spellings', () => {
  const spec = objectAt(theOne('ValidatingAdmissionPolicy', NODE_WIDE_POLICY), 'spec');
  const text = JSON.stringify(spec);
  for (const name of nodeWideNames()) {
    const { message, warning } = judge(name, { kubelet: NEWEST_KUBELET, kernel: undefined });
    expect(warning).toEqual(expect.stringContaining('no pod can set it'));
    expect(text).toContain(`${message}, but ${warning}.`);
    expect(text).toContain(`'${name}': true, '${name.replaceAll('.', '/')}': true`);
  }
});

describe('the pod', () => {
  const pod = objectAt(theOne('DaemonSet'), 'spec', 'template', 'spec');
  const containers: unknown = pod['containers'];
  const container = objectAt(Array.isArray(containers) ? containers[0] : undefined);

  it("the agent's container has three capabilities and cannot gain more", () => {
    expect(containers).toHaveLength(1);
    expect(pod['initContainers']).toBeUndefined();
    expect(container['securityContext']).toEqual({
      runAsUser: 0,
      runAsGroup: 0,
      privileged: false,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'], add: ['SYS_ADMIN', 'SYS_CHROOT', 'SYS_PTRACE'] },
    });
    expect(objectAt(pod, 'securityContext', 'seccompProfile')).toEqual({ type: 'RuntimeDefault' });
  });

  it('the agent shares only the processes and the network of the host', () => {
    expect(pod).toMatchObject({ hostPID: true, hostNetwork: true });
    expect(pod['hostIPC']).toBeUndefined();
    expect(pod['volumes']).toEqual([{ name: 'run', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } }]);
  });

  it('the agent runs on every Linux node, with high priority and with any taints', () => {
    expect(pod).toMatchObject({
      priorityClassName: 'system-node-critical',
      nodeSelector: { 'kubernetes.io/os': 'linux' },
      tolerations: [{ operator: 'Exists' }],
      serviceAccountName: NAME,
    });
  });

  it('the grace period is long enough to finish a change, and CPU is not limited', () => {
    const rollbackMs = RESTART_TIMEOUT_MS + HEALTHZ_TIMEOUT_MS + REPORTS_WITHIN_MS;
    const longestMs = LONGEST_NODE_SOAK_SECONDS * 1000 + 2 * rollbackMs;
    // What is between these waits: commands on the host, and requests to the API server.
    const restMs = 30_000;
    expect(Number(pod['terminationGracePeriodSeconds']) * 1000).toBe(longestMs + restMs);
    expect(objectAt(container, 'resources', 'limits')).toEqual({ memory: expect.any(String) });
    expect(objectAt(container, 'resources', 'requests')).toEqual({
      cpu: expect.any(String),
      memory: expect.any(String),
    });
  });

  it('the probes start neither a shell nor Node', () => {
    const programs = ['startupProbe', 'livenessProbe'].map((probe) => {
      const command: unknown = objectAt(container, probe, 'exec')['command'];
      return Array.isArray(command) ? String(command[0]) : '';
    });
    expect(programs).toEqual(['test', 'find']);
    expect(container['readinessProbe']).toBeUndefined();
  });

  it('the liveness probe passes with a file touched within three minutes, and fails with an older or missing file', () => {
    const command: unknown = objectAt(container, 'livenessProbe', 'exec')['command'];
    const [program = '', path, ...rest] = Array.isArray(command) ? command.map(String) : [];
    expect(path).toBe('/run/kubelet-sysctl-agent/live');
    const folder = mkdtempSync(join(tmpdir(), 'live-'));
    const verdictAt = (age: number | undefined): boolean => {
      const file = join(folder, String(age));
      if (age !== undefined) {
        writeFileSync(file, '');
        utimesSync(file, Date.now() / 1000, Date.now() / 1000 - age);
      }
      return spawnSync(program, [file, ...rest]).status === 0;
    };
    expect([verdictAt(0), verdictAt(150), verdictAt(200), verdictAt(undefined)]).toEqual([
      true,
      true,
      false,
      false,
    ]);
    rmSync(folder, { recursive: true });
  });
});

describe("the coordinator's pods", () => {
  const deployment = objectAt(theOne('Deployment'), 'spec');
  const pod = objectAt(deployment, 'template', 'spec');
  const containers: unknown = pod['containers'];
  const container = objectAt(Array.isArray(containers) ? containers[0] : undefined);
  const daemonSet = objectAt(theOne('DaemonSet'), 'spec');
  const [agent] = [objectAt(daemonSet, 'template', 'spec')['containers']]
    .flat()
    .map((value) => objectAt(value));

  it('the coordinator has two replicas, on different nodes when possible', () => {
    expect(deployment['replicas']).toBe(2);
    expect(pod['topologySpreadConstraints']).toMatchObject([
      { topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway' },
    ]);
  });

  it('the coordinator runs without root, capabilities and host namespaces', () => {
    expect(objectAt(pod, 'securityContext')).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(container['securityContext']).toEqual({
      privileged: false,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(pod).not.toMatchObject({ hostNetwork: true });
    expect(pod).not.toMatchObject({ hostPID: true });
    expect(pod['serviceAccountName']).toBe(COORDINATOR);
  });

  it("the DaemonSet's selector does not match the coordinator's pods", () => {
    const labels = objectAt(deployment, 'template', 'metadata', 'labels');
    expect(objectAt(deployment, 'selector', 'matchLabels')).toEqual(labels);
    expect(objectAt(daemonSet, 'selector', 'matchLabels')).not.toMatchObject(labels);
  });

  it('the coordinator has the image and the probes of the agents', () => {
    for (const key of ['image', 'startupProbe', 'livenessProbe', 'volumeMounts']) {
      expect(container[key]).toEqual(agent?.[key]);
    }
  });

  it('the coordinator component makes the agents wait for approval', ({ skip }) => {
    if (rendered === undefined) return skip('there is no kubectl');
    expect(agent?.['env']).toContainEqual({ name: 'WAIT_FOR_APPROVAL', value: 'true' });
  });
});

function isAgentsRole(object: JsonObject): boolean {
  return object['kind'] === 'ClusterRole' && objectAt(object, 'metadata')['name'] === NAME;
}

function isDeployment({ kind }: JsonObject): boolean {
  return kind === 'Deployment';
}

function containersOf(deployment: JsonObject): JsonObject[] {
  return [objectAt(deployment, 'spec', 'template', 'spec')['containers']]
    .flat()
    .map((value) => objectAt(value));
}

describe('the component for monitoring', () => {
  const monitored = renderWith('components/monitoring');
  const labels = { 'app.kubernetes.io/name': COORDINATOR };
  const one = (kind: string): JsonObject => objectAt(monitored?.find((object) => object['kind'] === kind));

  it('the component adds a PodMonitor, a NetworkPolicy, the alerts and the dashboard, and changes nothing but the Deployment', ({
    skip,
  }) => {
    if (monitored === undefined) return skip('there is no kubectl');
    const others = monitored.filter(
      (object) =>
        !['PodMonitor', 'NetworkPolicy', 'PrometheusRule'].includes(String(object['kind'])) &&
        objectAt(object, 'metadata')['name'] !== 'kubelet-sysctl-agent-dashboard',
    );
    expect(monitored.length).toBe(others.length + 4);
    expect(others.filter((object) => !isDeployment(object))).toEqual(
      objects.filter((object) => !isDeployment(object)),
    );
  });

  it('the component gives the coordinator one port, and the base gives it none', ({ skip }) => {
    if (monitored === undefined) return skip('there is no kubectl');
    const [container = {}] = containersOf(one('Deployment'));
    const [plain] = containersOf(theOne('Deployment'));
    const { env, ports, ...rest } = container;
    expect(rest).toEqual(plain);
    expect(env).toEqual([{ name: 'METRICS_PORT', value: '8080' }]);
    expect(ports).toEqual([{ name: 'metrics', containerPort: 8080, protocol: 'TCP' }]);
  });

  it("Prometheus finds the coordinator's pods, keeps our labels, and alone reaches their port", ({
    skip,
  }) => {
    if (monitored === undefined) return skip('there is no kubectl');
    const template = objectAt(one('Deployment'), 'spec', 'template', 'metadata', 'labels');
    expect(template).toMatchObject(labels);
    expect(one('PodMonitor')).toMatchObject({
      metadata: { namespace: NAME },
      spec: {
        selector: { matchLabels: labels },
        podMetricsEndpoints: [{ port: 'metrics', path: '/metrics', honorLabels: true }],
      },
    });
    expect(one('NetworkPolicy')).toMatchObject({
      metadata: { namespace: NAME },
      spec: {
        podSelector: { matchLabels: labels },
        policyTypes: ['Ingress'],
        ingress: [{ ports: [{ port: 'metrics', protocol: 'TCP' }] }],
      },
    });
  });
});

function isGuarded(object: JsonObject): boolean {
  return isDeployment(object) || object['kind'] === 'PodMonitor';
}

describe('the component for monitoring with accounts', () => {
  const guarded = renderWith('components/monitoring-auth');
  const monitored = renderWith('components/monitoring');
  const secret = 'kubelet-sysctl-coordinator-tls';
  const one = (kind: string, name = COORDINATOR): JsonObject =>
    objectAt(
      guarded?.find((object) => object['kind'] === kind && objectAt(object, 'metadata')['name'] === name),
    );

  it('the component adds accounts and rights to the one for monitoring, and changes only its Deployment and PodMonitor', ({
    skip,
  }) => {
    if (guarded === undefined || monitored === undefined) return skip('there is no kubectl');
    const added = guarded.filter(({ kind, metadata }) =>
      monitored.every(
        (object) =>
          object['kind'] !== kind || objectAt(object, 'metadata')['name'] !== objectAt(metadata)['name'],
      ),
    );
    expect(added.map(({ kind }) => String(kind)).toSorted()).toEqual([
      'ClusterRole',
      'ClusterRole',
      'ClusterRoleBinding',
      'ClusterRoleBinding',
      'Secret',
      'ServiceAccount',
    ]);
    expect(guarded.filter((object) => !added.includes(object) && !isGuarded(object))).toEqual(
      monitored.filter((object) => !isGuarded(object)),
    );
  });

  it('the coordinator gets the certificate in the folder that its options name', ({ skip }) => {
    if (guarded === undefined) return skip('there is no kubectl');
    const [container = {}] = containersOf(one('Deployment'));
    expect(container['env']).toEqual([
      { name: 'METRICS_PORT', value: '8080' },
      { name: 'METRICS_TLS', value: '/etc/metrics-tls' },
      { name: 'METRICS_AUTH', value: 'true' },
    ]);
    // A single file of a Secret (subPath) would never change.
    expect(container['volumeMounts']).toContainEqual({
      name: 'metrics-tls',
      mountPath: '/etc/metrics-tls',
      readOnly: true,
    });
    const { volumes } = objectAt(one('Deployment'), 'spec', 'template', 'spec');
    expect(volumes).toContainEqual({ name: 'metrics-tls', secret: { secretName: secret } });
  });

  it('Prometheus verifies that certificate, and has the token of an account that may read /metrics and nothing else', ({
    skip,
  }) => {
    if (guarded === undefined) return skip('there is no kubectl');
    const reader = 'kubelet-sysctl-metrics';
    expect(objectAt(one('PodMonitor'), 'spec')['podMetricsEndpoints']).toEqual([
      {
        port: 'metrics',
        path: '/metrics',
        honorLabels: true,
        scheme: 'https',
        tlsConfig: { serverName: COORDINATOR, ca: { secret: { name: secret, key: 'ca.crt' } } },
        authorization: { type: 'Bearer', credentials: { name: reader, key: 'token' } },
      },
    ]);
    expect(one('Secret', reader)).toMatchObject({
      type: 'kubernetes.io/service-account-token',
      metadata: { namespace: NAME, annotations: { 'kubernetes.io/service-account.name': reader } },
    });
    expect(one('ServiceAccount', reader)).toMatchObject({ metadata: { namespace: NAME } });
    expect(one('ClusterRole', reader)['rules']).toEqual([{ nonResourceURLs: ['/metrics'], verbs: ['get'] }]);
    expect(one('ClusterRoleBinding', reader)).toMatchObject({
      roleRef: { kind: 'ClusterRole', name: reader },
      subjects: [{ kind: 'ServiceAccount', name: reader, namespace: NAME }],
    });
  });
});

describe.each([
  ['scheduling', 'MutatingAdmissionPolicy', 'kubelet-sysctl-scheduling'],
  ['warnings', 'ValidatingAdmissionPolicy', 'kubelet-sysctl-warnings'],
])('the component %s', (component, kind, name) => {
  const withComponent = renderWith(`components/${component}`);
  const added = withComponent?.filter((object) => objectAt(object, 'metadata')['name'] === name) ?? [];
  const [policy = {}, binding = {}] = [kind, `${kind}Binding`].map((one) =>
    added.find((object) => object['kind'] === one),
  );

  it('adds a policy and its binding, and changes nothing', ({ skip }) => {
    if (withComponent === undefined) return skip('there is no kubectl');
    expect(added.length).toBe(2);
    expect(withComponent.filter((object) => !added.includes(object))).toEqual(objects);
  });

  it('reads the ConfigMap that the coordinator keeps, by its keys, and does nothing without it', ({
    skip,
  }) => {
    if (withComponent === undefined) return skip('there is no kubectl');
    const paramRef = { name: LISTS_NAME, namespace: NAME, parameterNotFoundAction: 'Allow' };
    expect(objectAt(binding, 'spec')).toMatchObject({ policyName: name, paramRef });
    expect(objectAt(policy, 'spec')).toMatchObject({
      failurePolicy: 'Ignore',
      paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
    });
    const keys = [...JSON.stringify(policy).matchAll(/params\.data\[\?'(\w+)'\]/gu)].map(([, key]) => key);
    expect(keys.length).toBeGreaterThan(5);
    expect(keys.filter((key) => !LISTS_KEYS.some((known) => known === key))).toEqual([]);
  });

  it('refuses no pod', ({ skip }) => {
    if (withComponent === undefined) return skip('there is no kubectl');
    const actions = kind === 'ValidatingAdmissionPolicy' ? ['Warn', 'Audit'] : undefined;
    expect(objectAt(binding, 'spec')['validationActions']).toEqual(actions);
  });
});

it('the component scheduling asks for the label that the agents set', () => {
  const added = renderWith('components/scheduling');
  const text = JSON.stringify(added?.filter((object) => object['kind'] === 'MutatingAdmissionPolicy'));
  expect(added === undefined || text.includes(`'${ALLOWS_PREFIX}' + name`)).toBe(true);
});

describe('the ConfigMap', () => {
  const data = objectAt(theOne('ConfigMap'), 'data');
  const example = String(data['_example']).trimEnd().split('\n');

  it('the manifest of the ConfigMap owns no key of the policy, so that applying it again resets none', () => {
    expect(Object.keys(data)).toEqual(['_example']);
  });

  it('the example of the ConfigMap has only comments', () => {
    expect(example.filter((text) => !text.startsWith('#'))).toEqual([]);
  });

  it('the example of the ConfigMap shows every key, and all keys together are a valid policy', () => {
    const keys = ['allowedUnsafeSysctls', 'profiles', ...SETTING_KEYS];
    const isKey = (text: string): boolean => keys.some((key) => text.startsWith(`# ${key}:`));
    const shown = example.filter((text) => isKey(text) || text.startsWith('#   '));
    const policy = objectAt(parse(shown.map((text) => text.slice(2)).join('\n')));
    expect(Object.keys(policy).toSorted()).toEqual(keys.toSorted());
    const texts = Object.fromEntries(Object.entries(policy).map(([key, value]) => [key, String(value)]));
    expect(parsePolicy(texts)).toMatchObject({ ok: true, policy: { profiles: [{ name: 'databases' }] } });
  });
});
