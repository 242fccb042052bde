// A release, installed from its folder alone on a cluster that never had an agent. KUBELET_SYSCTLS_E2E=long: in every way, each
// on a cluster of its own; otherwise in the first.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STATE_DIR } from '../../../agent/names.ts';
import { type GoCommand, HELM_3, HELM_4 } from '../../../scripts/bed/build/go-install.ts';
import { consoleLog } from '../../../scripts/bed/util/progress.ts';
import { fileNames } from '../../../scripts/release/files.ts';
import { makeRelease } from '../../../scripts/release/release.ts';
import { sourceOf, versionOf } from '../../../scripts/release/source.ts';
import { type Download, freshPlace, type Place } from '../support/cluster/downloaded.ts';
import { LENGTH } from '../support/length.ts';
import { sysctlPod } from '../support/node/pods.ts';

const CHECKOUT = join(import.meta.dirname, '..', '..', '..');
const SYSCTL = { name: 'net.core.somaxconn', value: '4096' };
const NAMESPACE = 'kubelet-sysctl-agent';
const IN_NAMESPACE = ['--namespace', NAMESPACE];
const TIMEOUT_MS = 600_000;

interface Way {
  readonly title: string;
  readonly helm: GoCommand;
  /** Commands in the release's folder. */
  readonly install: (chart: string) => readonly (readonly string[])[];
  readonly remove: readonly (readonly string[])[];
}

function applied(file: string): Way {
  return {
    title: `kubectl apply -f ${file}`,
    helm: HELM_4,
    install: () => [['kubectl', 'apply', '-f', file]],
    remove: [['kubectl', 'delete', '-f', file]],
  };
}

function installed(helm: GoCommand): Way {
  const label = 'pod-security.kubernetes.io/enforce=privileged';
  return {
    title: `helm install of the chart with Helm ${helm.version}`,
    helm,
    install: (chart) => [
      ['kubectl', 'create', 'namespace', NAMESPACE],
      ['kubectl', 'label', 'namespace', NAMESPACE, label],
      ['helm', 'install', NAMESPACE, chart, ...IN_NAMESPACE],
    ],
    remove: [
      ['helm', 'uninstall', NAMESPACE, ...IN_NAMESPACE],
      ['kubectl', 'delete', 'namespace', NAMESPACE],
    ],
  };
}

const WAYS = [
  applied('install.yaml'),
  installed(HELM_4),
  installed(HELM_3),
  applied('install-before-1.30.yaml'),
];

describe.runIf(LENGTH === 'long')('a release, from its folder alone', () => {
  let root = '';
  let download: Download;

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'e2e-release-'));
    const folder = join(root, 'release');
    const [source, version] = [await sourceOf(CHECKOUT), await versionOf(CHECKOUT)];
    const named = { repository: 'registry.example/kubelet-sysctl-agent', url: 'https://releases.example' };
    const made = { hasCachedBase: true, hasImageSbom: false };
    const release = { ...named, ...made, checkout: CHECKOUT, version, source, out: folder };
    download = { folder, version, image: (await makeRelease(release, consoleLog())).reference };
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  it.each(WAYS.map((way, index) => [way.title, way, index] as const))(
    '%s runs agents of its image; one edit, and a pod with the sysctl runs; mode: Restore leaves the node as it was',
    async (_title, way, index) => {
      const name = `release-${process.pid}-${index}`;
      await using place = await freshPlace(download, name, way.helm);
      const seen = await play(place, way, download.version);
      expect(seen).toMatchObject({
        images: new Set([download.image]),
        podBefore: { kind: 'failed', reason: 'SysctlForbidden' },
        done: expect.stringMatching(/^Done: /mu),
        podAfter: { kind: 'running', value: SYSCTL.value },
        restored: expect.stringMatching(/^Done: /mu),
      });
      expect(seen.before.state).toBeUndefined();
      expect(seen.after).toEqual(seen.before);
    },
    TIMEOUT_MS,
  );
});

/** Installs, lets a pod with the sysctl run by one edit, restores the node and removes what was installed. */
async function play(place: Place, way: Way, version: string) {
  const { node, shell } = place;
  const hostNow = async () => ({
    text: await node.text(),
    argv: (await node.kubelet()).argv,
    state: await node.facts(STATE_DIR),
  });
  const before = await hostNow();
  for (const command of way.install(fileNames(version).chart)) await shell(command);
  for (const workload of ['daemonset/kubelet-sysctl-agent', 'deployment/kubelet-sysctl-coordinator']) {
    await shell(['kubectl', ...IN_NAMESPACE, 'rollout', 'status', workload, '--timeout=180s']);
  }
  const path = 'jsonpath={.items[*].spec.containers[*].image}';
  const images = (await shell(['kubectl', ...IN_NAMESPACE, 'get', 'pods', '-o', path])).stdout.split(' ');
  const podBefore = await settledPod(node);
  const done = await edited(place, {
    allowedUnsafeSysctls: SYSCTL.name,
    nodeSoakSeconds: '1',
    soakSeconds: '0',
  });
  const podAfter = await settledPod(node);
  const restored = await edited(place, { mode: 'Restore' });
  for (const command of way.remove) await shell(command);
  return { images: new Set(images), podBefore, done, podAfter, restored, before, after: await hostNow() };
}

/** Edits keys of the policy, as `kubectl edit` does, and returns how the plugin's `wait` ended. */
async function edited({ shell }: Place, data: Readonly<Record<string, string>>): Promise<string> {
  const patch = ['--type', 'merge', '--patch', JSON.stringify({ data })];
  await shell(['kubectl', ...IN_NAMESPACE, 'patch', 'configmap', 'kubelet-sysctls', ...patch]);
  return (await shell(['kubectl', 'sysctls', 'wait', '--timeout', '3m'])).stdout;
}

/** Returns what became of a pod that sets the sysctl, and the value that it reads; then removes it. */
async function settledPod(node: Place['node']) {
  const pod = await sysctlPod(node, SYSCTL);
  const state = await pod.settled();
  const value = state.kind === 'running' ? await pod.valueOf(SYSCTL.name) : undefined;
  await pod.remove();
  return { ...state, value };
}
