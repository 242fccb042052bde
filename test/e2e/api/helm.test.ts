// The chart on a cluster: taken over from kustomize, edited, upgraded, rolled back, uninstalled, and installed elsewhere; one half
// with each Helm. KUBELET_SYSCTLS_E2E_HELM=3 runs each half with the other.

import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { STATE_DIR } from '../../../agent/names.ts';
import { until } from '../../../scripts/bed/util/until.ts';
import { applyManifests, awaitRollout } from '../../../scripts/install/install.ts';
import { AGENT_NAMESPACE } from '../../../scripts/kubernetes/names.ts';
import { clearPolicy, policyNow } from '../../../scripts/node/policy.ts';
import { type TestNode, testNode } from '../../../scripts/node/test-node.ts';
import type { World } from '../../../scripts/node/world.ts';
import { e2eWorld, providedBed } from '../support/bed.ts';
import { editKey, INSTALLS, releaseOf, restoreAll, TAKES_OVER } from '../support/cluster/helm.ts';
import { LENGTH } from '../support/length.ts';
import { thief, tokenIn, type Verdict, verdictOf } from '../support/cluster/stolen-token.ts';
import { freshNode } from '../support/node/fresh.ts';

const NAME = 'net.core.somaxconn';
const ELSEWHERE = { name: 'tuner', namespace: 'node-tools' };
const OURS = 'app.kubernetes.io/name=kubelet-sysctl-agent';
const KINDS =
  'serviceaccount,role,rolebinding,clusterrole,clusterrolebinding,daemonset,deployment,validatingadmissionpolicy,validatingadmissionpolicybinding,mutatingadmissionpolicy,mutatingadmissionpolicybinding';
/** Fields of pods that no default has: the API server accepts them where the chart puts them. */
const OF_PODS = {
  affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } },
  extraEnv: [{ name: 'TZ', value: 'UTC' }],
  logLevel: 'debug',
  podAnnotations: { 'example.com/a': 'x' },
  podLabels: { team: 'x' },
  tolerations: [{ operator: 'Exists' }],
};
const EVERY_FIELD = {
  commonLabels: { team: 'x' },
  imagePullSecrets: [{ name: 'registry' }],
  agent: { ...OF_PODS, jitterSeconds: 1 },
  coordinator: { ...OF_PODS, replicas: 1 },
  // The bed has no Prometheus Operator.
  metrics: { enabled: true, podMonitor: { enabled: false }, prometheusRule: { enabled: false } },
  scheduling: { enabled: true },
  warnings: { enabled: true },
};
/** The API server reads new policies once a second. */
const SOON = { timeoutMs: 30_000, everyMs: 250 };
/** A timeout in the middle would leave other tests without agents. */
const TIMEOUT_MS = 600_000;

let world: World;

beforeAll(async () => {
  world = await e2eWorld();
});

afterAll(async () => {
  const places = [ELSEWHERE.namespace, AGENT_NAMESPACE];
  for (const { namespace, name } of [ELSEWHERE, { namespace: AGENT_NAMESPACE, name: AGENT_NAMESPACE }]) {
    const release = await releaseOf(world, INSTALLS, { name, namespace });
    await release.helm('uninstall', { args: ['--wait', '--ignore-not-found'] });
  }
  await world.bed.kubectl(['delete', 'namespace', ...places, '--ignore-not-found']);
  const kubectl: World['bed']['kubectl'] = (args, options) => world.bed.kubectl(args, options);
  await applyManifests({ kubectl, agentImage: inject('e2eAgentImage') });
  await awaitRollout(kubectl);
  await clearPolicy(world);
}, TIMEOUT_MS);

it(
  `${TAKES_OVER.version} takes over what kustomize installed: no pod restarts, an edit in the cluster survives upgrade and rollback, and after mode: Restore nothing is left`,
  async () => {
    const node = await freshNode('n1');
    await node.setList([NAME]);
    await node.awaitDone([NAME]);
    const pods = await podsIn(AGENT_NAMESPACE);
    const place = { name: AGENT_NAMESPACE, namespace: AGENT_NAMESPACE };
    const release = await releaseOf(world, TAKES_OVER, place);

    // Helm 4 would own the fields together with kubectl, and refuse to change them.
    const asHelm3 = TAKES_OVER.version.startsWith('v3') ? [] : ['--server-side=false'];
    await release.helm('upgrade', { values: {}, args: ['--install', '--take-ownership', ...asHelm3] });
    expect(await podsIn(AGENT_NAMESPACE)).toEqual(pods);

    await editKey(world, AGENT_NAMESPACE, 'unmanaged', 'Keep');
    const edited = await policyNow(world);
    await release.helm('upgrade', { values: { policy: { soakSeconds: 30 }, commonLabels: { team: 'x' } } });
    expect(await policyNow(world)).toEqual({ ...edited, soakSeconds: '30' });
    await release.helm('rollback', { args: ['1'] });
    expect(await policyNow(world)).toEqual(edited);
    expect(edited).toMatchObject({ unmanaged: 'Keep', profiles: expect.stringContaining(NAME) });
    expect(await podsIn(AGENT_NAMESPACE)).toEqual(pods);

    expect(await restoreAll(world, AGENT_NAMESPACE)).toMatch(/^Done: /u);
    await release.helm('uninstall', { args: ['--wait'] });
    expect(await hostOf(node)).toEqual(nothingOnHost(node));
    expect((await world.bed.kubectl(['get', KINDS, '-A', '-l', OURS, '-o', 'name'])).stdout).toBe('');
    // What people wrote there is not Helm's to delete.
    expect(await policyNow(world)).toMatchObject({ mode: 'Restore' });
    await world.bed.kubectl(['delete', 'namespace', AGENT_NAMESPACE]);
  },
  TIMEOUT_MS,
);

it.runIf(LENGTH === 'long')(
  `${INSTALLS.version} installs under another name in another namespace, whose agents are restricted to their own Node, and an edit survives an upgrade`,
  async () => {
    const { name, namespace } = ELSEWHERE;
    const release = await releaseOf(world, INSTALLS, ELSEWHERE);
    const own = {
      name: 'n1',
      nodeSelector: { 'kubernetes.io/hostname': 'n1' },
      allowedUnsafeSysctls: [NAME],
    };
    const policy = { rollout: 'Immediate', nodeSoakSeconds: 1, profiles: [own] };
    const values = { ...EVERY_FIELD, policy };
    const { stdout } = await release.helm('install', { values, args: ['--create-namespace'] });
    expect(stdout).toContain(
      `kubectl label --overwrite namespace ${namespace} pod-security.kubernetes.io/enforce=privileged`,
    );
    const label = 'pod-security.kubernetes.io/enforce=privileged';
    await world.bed.kubectl(['label', 'namespace', namespace, label]);
    await editKey(world, namespace, 'unmanaged', 'Keep');
    const after = (await release.helm('upgrade', { values, args: ['--wait', '--timeout', '3m'] })).stdout;
    expect(after).not.toContain('pod-security');
    const path = ['-o', 'jsonpath={.data.unmanaged}'];
    const get = ['--namespace', namespace, 'get', 'configmap', 'kubelet-sysctls', ...path];
    expect((await world.bed.kubectl(get)).stdout).toBe('Keep');

    const node = testNode(world, 'n1');
    await node.awaitDone([NAME]);
    expect(await verdicts('daemonset', `${name}-kubelet-sysctl-agent`)).toEqual({
      'kubelet-sysctl-agent/x on n1': 'allowed',
      'kubelet-sysctl-agent/x on n2': 'refused by the policy',
      'example.com/x on n1': 'refused by the policy',
    });
    expect(await verdicts('deployment', `${name}-kubelet-sysctl-coordinator`)).toEqual({
      'kubelet-sysctl-agent/x on n1': 'refused by the policy',
      'kubelet-sysctl-agent/x on n2': 'refused by the policy',
      'example.com/x on n1': 'refused by the policy',
    });
    await restoreAll(world, namespace);
    await release.helm('uninstall', { args: ['--wait'] });
    expect(await hostOf(node)).toEqual(nothingOnHost(node));
  },
  TIMEOUT_MS,
);

/** Returns what the token of the agent on n1, or of a coordinator, may write on Nodes. */
async function verdicts(
  workload: 'daemonset' | 'deployment',
  policy: string,
): Promise<Readonly<Record<string, Verdict>>> {
  const isAgent = workload === 'daemonset';
  const labels = `app.kubernetes.io/name=kubelet-sysctl-${isAgent ? 'agent' : 'coordinator'}`;
  const where = isAgent ? ['--field-selector', 'spec.nodeName=n1'] : [];
  const list = ['get', 'pods', '-n', ELSEWHERE.namespace, '-l', labels, ...where, '-o', 'name'];
  const tokens: string[] = [];
  // A kubelet that has just restarted accepts no exec yet.
  await until(async () => {
    const [pod = ''] = (await world.bed.kubectl(list)).stdout.split('\n');
    const token = await tokenIn(world, pod, ELSEWHERE.namespace);
    return token !== undefined && tokens.push(token) > 0;
  }, SOON);
  const holder = await thief({ world }, tokens[0] ?? '');
  const tries = [
    ['kubelet-sysctl-agent/x', 'n1'],
    ['kubelet-sysctl-agent/x', 'n2'],
    ['example.com/x', 'n1'],
  ] as const;
  const entries = tries.map(async ([key, node]) => {
    const body = { metadata: { annotations: { [key]: 'x' } } };
    const path = `/api/v1/nodes/${node}?dryRun=All`;
    return [
      `${key} on ${node}`,
      verdictOf(await holder.attempt({ method: 'PATCH', path, body }), policy),
    ] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** Returns the pods of a namespace, by name, with their containers' starts. */
async function podsIn(namespace: string): Promise<Readonly<Record<string, unknown>>> {
  const { items } = await world.cluster.core.listNamespacedPod({ namespace });
  return Object.fromEntries(
    items.map(({ metadata, status }) => [
      metadata?.name,
      status?.containerStatuses?.map(({ containerID, restartCount }) => [containerID, restartCount]),
    ]),
  );
}

interface Host {
  readonly stateFolder: boolean;
  readonly units: string;
  readonly temporary: string;
  readonly file: string | null;
  readonly argv: readonly string[];
}

/** Returns what a node has of the agents', and the kubelet's file and arguments. */
async function hostOf(node: TestNode): Promise<Host> {
  const units = ['systemctl', 'list-units', '--all', '--no-legend', '*sysctl-agent*'];
  const files = ['find', '/run', '/tmp', '/var/tmp', '/etc', '-xdev', '-name', '*sysctl-agent*'];
  return {
    stateFolder: (await node.facts(STATE_DIR)) !== undefined,
    units: (await node.exec(units)).stdout,
    temporary: (await node.exec(files)).stdout,
    file: (await node.text()) ?? null,
    argv: (await node.kubelet()).argv,
  };
}

/** Returns what a node has that never had an agent. */
function nothingOnHost(node: TestNode): Host {
  const original = providedBed().originals[node.name];
  if (original === undefined) throw new Error(`Expected a node of setup.ts, got ${node.name}.`);
  const file = original.files[node.environmentFile] ?? null;
  return {
    stateFolder: false,
    units: '',
    temporary: '',
    file: file && Buffer.from(file, 'base64').toString('latin1'),
    argv: original.argv,
  };
}
