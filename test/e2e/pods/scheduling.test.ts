// The component scheduling: pods that set an unsafe sysctl wait for a node that allows it, where kubelets refused them without end.

import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { demoAppImage } from '../../../scripts/bed/images/images.ts';
import { silent } from '../../../scripts/bed/util/progress.ts';
import { until } from '../../../scripts/bed/util/until.ts';
import { clearPolicy, setKeys } from '../../../scripts/node/policy.ts';
import type { World } from '../../../scripts/node/world.ts';
import { freshNodes } from '../support/node/fresh.ts';

const COMPONENT = join(import.meta.dirname, '../../../daemonset/components/scheduling');
const NAMESPACE = 'e2e-scheduling';
const NODES = ['n1', 'n2', 'n4'];
const ALLOWED_ON = ['n1', 'n2'];
const USED = 'net.core.somaxconn';
const REPLICAS = 10;
const SOON = { timeoutMs: 90_000, everyMs: 500 };
/** How long pods that must not be refused are watched, and how long those that must be, in ms. */
const WATCHED_MS = 4000;
const POOL = 'e2e-pool';

let world: World;
beforeAll(async () => {
  const [first] = await freshNodes(NODES);
  if (first === undefined) throw new Error('Expected three nodes.');
  ({ world } = first);
  await kubectl(['create', 'namespace', NAMESPACE]);
  await kubectl(['label', 'node', ...ALLOWED_ON, `${POOL}=web`, '--overwrite']);
  await kubectl(['label', 'node', 'n4', `${POOL}=db`, '--overwrite']);
});
afterAll(async () => {
  await switchOff();
  await kubectl(['delete', 'namespace', NAMESPACE, '--wait=false']);
  await clearPolicy(world);
  await kubectl(['label', 'node', ...NODES, `${POOL}-`]);
});

it('a DaemonSet makes one pod for each node and none is refused: where its sysctl is not allowed the pod is Pending, and starts when it is', async () => {
  await setProfiles({ web: ['kernel.msgmax'], db: ['kernel.sem'] });
  await switchOn();

  await applyWorkload('DaemonSet', 'kernel.msgmax');
  expect(await until(async () => (await running()).length === ALLOWED_ON.length, SOON)).toBe(true);
  const made = await pods();
  // Longer than the DaemonSet's controller waits before it makes a pod in place of a failed one.
  await sleep(WATCHED_MS);
  expect((await running()).map(({ node }) => node).toSorted()).toEqual(ALLOWED_ON);
  expect((await pods()).map(({ uid }) => uid)).toEqual(made.map(({ uid }) => uid));

  await setProfiles({ web: ['kernel.msgmax'], db: ['kernel.msgmax'] });
  expect(await until(async () => (await running()).length === NODES.length, SOON)).toBe(true);
  expect((await pods()).map(({ uid }) => uid)).toEqual(made.map(({ uid }) => uid));
  expect(made).toHaveLength(NODES.length);
  expect(await refusals()).toBe(0);
  await kubectl(['delete', 'daemonset/web', '-n', NAMESPACE]);
  expect(await until(async () => (await pods()).length === 0, SOON)).toBe(true);
});

it('a Deployment makes no refused pod, and its pods start when a list allows its sysctl; without the component pods are refused without end', async () => {
  await setProfiles({ web: ['kernel.msgmax'], db: ['kernel.sem'] });
  await switchOn();

  await applyWorkload('Deployment', USED);
  expect(await until(async () => (await pods()).length === REPLICAS, SOON)).toBe(true);
  await sleep(WATCHED_MS);
  expect(await phases()).toEqual(['Pending']);

  await setProfiles({ web: ['kernel.msgmax', USED], db: ['kernel.sem'] });
  expect(await until(allRun, SOON)).toBe(true);
  const started = await pods();
  // The first node that is Done may have room for all of them.
  expect(started.filter(({ node }) => !ALLOWED_ON.includes(node))).toEqual([]);

  // Both at once: kubelets restart for another list while the Deployment replaces its pods; before, no pod is moved.
  await setProfiles({ web: ['kernel.msgmax', USED, 'kernel.sem'], db: ['kernel.sem'] });
  await sleep(WATCHED_MS);
  expect((await pods()).map(({ uid }) => uid)).toEqual(started.map(({ uid }) => uid));
  await setProfiles({ web: [USED, 'kernel.sem'], db: ['kernel.sem', 'kernel.msgmax'] });
  await kubectl(['rollout', 'restart', 'deployment/web', '-n', NAMESPACE]);
  expect(await until(async () => (await allRun()) && (await areOthers(started)), SOON)).toBe(true);
  expect(await refusals()).toBe(0);

  await switchOff();
  expect(await until(async () => !(await isMutated()), SOON)).toBe(true);
  await kubectl(['rollout', 'restart', 'deployment/web', '-n', NAMESPACE]);
  expect(await until(async () => (await failed()) > REPLICAS, SOON)).toBe(true);
  const many = await failed();
  expect(await until(async () => (await failed()) > many + REPLICAS, SOON)).toBe(true);
});

interface SeenPod {
  readonly uid: string;
  readonly phase: string;
  readonly node: string;
}

async function kubectl(args: readonly string[], input?: string): Promise<string> {
  return (await world.bed.kubectl(args, input === undefined ? {} : { input })).stdout;
}

async function switchOn(): Promise<void> {
  for (const file of ['admission-policy.yaml', 'admission-policy-binding.yaml']) {
    await kubectl(['apply', '-f', join(COMPONENT, file)]);
  }
  expect(await until(isMutated, SOON)).toBe(true);
}

async function switchOff(): Promise<void> {
  await kubectl(['delete', '--ignore-not-found', '-f', join(COMPONENT, 'admission-policy-binding.yaml')]);
  await kubectl(['delete', '--ignore-not-found', '-f', join(COMPONENT, 'admission-policy.yaml')]);
}

async function setProfiles(lists: Readonly<Record<string, readonly string[]>>): Promise<void> {
  const profiles = Object.entries(lists).map(([name, allowedUnsafeSysctls]) => ({
    name,
    nodeSelector: { [POOL]: name },
    allowedUnsafeSysctls,
  }));
  const pace = { rollout: 'Coordinated', canary: '1', maxUnavailable: '1', soakSeconds: '1', windows: '' };
  await setKeys(world, { ...pace, nodeSoakSeconds: '1', profiles: stringify(profiles) });
}

/** Spread over the three nodes; the scheduler alone decides. */
async function template(sysctl: string): Promise<object> {
  const { reference } = await demoAppImage(silent);
  const labels = { app: 'web' };
  return {
    metadata: { labels },
    spec: {
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: POOL, operator: 'Exists' }] }],
          },
        },
      },
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      securityContext: { sysctls: [{ name: sysctl, value: '1024' }] },
      containers: [
        { name: 'app', image: reference, imagePullPolicy: 'IfNotPresent', command: ['sleep', 'infinity'] },
      ],
    },
  };
}

async function applyWorkload(kind: 'DaemonSet' | 'Deployment', sysctl: string): Promise<void> {
  const replicas = kind === 'Deployment' ? { replicas: REPLICAS } : {};
  const spec = { ...replicas, selector: { matchLabels: { app: 'web' } }, template: await template(sysctl) };
  const metadata = { name: 'web', namespace: NAMESPACE };
  await kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'apps/v1', kind, metadata, spec }));
}

/** Whether the policy adds a selector to a pod. */
async function isMutated(): Promise<boolean> {
  const { spec } = JSON.parse(JSON.stringify(await template(USED)));
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'probe', namespace: NAMESPACE }, spec };
  const { exitCode, stdout } = await world.bed.kubectl(
    ['create', '--dry-run=server', '--output=jsonpath={.spec.nodeSelector}', '-f', '-'],
    { input: JSON.stringify(pod), reject: false },
  );
  return exitCode === 0 && stdout.includes(USED);
}

/** In order of their names, without those that end. */
async function pods(): Promise<readonly SeenPod[]> {
  const { items } = await world.cluster.core.listNamespacedPod({ namespace: NAMESPACE });
  return items
    .filter(({ metadata }) => metadata?.deletionTimestamp === undefined)
    .map(({ metadata, spec, status }) => ({
      uid: metadata?.uid ?? '',
      phase: status?.phase ?? '',
      node: spec?.nodeName ?? '',
    }))
    .toSorted((one, other) => (one.uid < other.uid ? -1 : 1));
}

async function running(): Promise<readonly SeenPod[]> {
  return (await pods()).filter(({ phase }) => phase === 'Running');
}

async function phases(): Promise<readonly string[]> {
  return [...new Set((await pods()).map(({ phase }) => phase))];
}

async function allRun(): Promise<boolean> {
  const seen = await pods();
  return seen.length === REPLICAS && seen.every(({ phase }) => phase === 'Running');
}

async function areOthers(earlier: readonly SeenPod[]): Promise<boolean> {
  const uids = new Set(earlier.map(({ uid }) => uid));
  return (await pods()).every(({ uid }) => !uids.has(uid));
}

async function failed(): Promise<number> {
  return (await pods()).filter(({ phase }) => phase === 'Failed').length;
}

/** How many pods kubelets have refused, deleted ones too. */
async function refusals(): Promise<number> {
  const { items } = await world.cluster.core.listNamespacedEvent({ namespace: NAMESPACE });
  const refused = items.filter(({ reason }) => reason === 'SysctlForbidden' || reason === 'NodeAffinity');
  return refused.length + (await failed());
}
