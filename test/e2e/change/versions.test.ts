// The same list on kubelets of different versions, which know different sysctls and count different ones as safe.

import { describe, expect, it } from 'vitest';
import { isAtLeast, parseVersion } from '../../../agent/sysctl/version.ts';
import { freshNode } from '../support/node/fresh.ts';
import { E2E_NODES } from '../../../scripts/matrix/nodes.ts';
import { type Sysctl, sysctlPod } from '../support/node/pods.ts';
import type { TestNode } from '../../../scripts/node/test-node.ts';

const ALWAYS = { name: 'net.core.somaxconn', value: '2048' };
/** Namespaced for kubelets from 1.37 on; an older one does not start with it. */
const KNOWN_SINCE_37 = 'user.max_user_namespaces';
const SAFE_SINCE_32 = { name: 'net.ipv4.tcp_rmem', value: '4096 65536 1048576' };

/** One node of each version in the bed, or two of its only version. */
const NODES = E2E_NODES.filter(({ name }) => name === 'n1' || name === 'n3');

describe.concurrent('the same list, with a name that only kubelets from 1.37 on know', () => {
  it.each(NODES.filter(from(37)))('is applied whole to $name with kubelet $kubelet', async (spec) => {
    const node = await freshNode(spec.name);
    expect(await version(node)).toBe(`Kubernetes v${spec.kubelet}`);
    await isRefused(node, ALWAYS);

    await node.setList([ALWAYS.name, KNOWN_SINCE_37]);
    const report = await node.awaitDone([ALWAYS.name, KNOWN_SINCE_37]);

    expect(report.drift).toBeUndefined();
    expect((await node.kubelet()).argv.at(-1)).toBe(
      `--allowed-unsafe-sysctls=${ALWAYS.name},${KNOWN_SINCE_37}`,
    );
    await runs(node, ALWAYS);
  });

  it.each(NODES.filter(before(37)))(
    'is applied to $name with kubelet $kubelet without that name, and the node says so',
    async (spec) => {
      const node = await freshNode(spec.name);
      expect(await version(node)).toBe(`Kubernetes v${spec.kubelet}`);
      await isRefused(node, ALWAYS);

      await node.setList([ALWAYS.name, KNOWN_SINCE_37]);
      const report = await node.awaitDone([ALWAYS.name]);

      expect(report.desired).toBe(ALWAYS.name);
      expect(report.drift).toBe(`missing: ${KNOWN_SINCE_37}`);
      expect(report.reason).toContain(`Not allowed here: ${KNOWN_SINCE_37}`);
      expect((await node.kubelet()).argv.at(-1)).toBe(`--allowed-unsafe-sysctls=${ALWAYS.name}`);
      await runs(node, ALWAYS);
    },
  );
});

describe('the same list, with a name that kubelets from 1.32 on count as safe', () => {
  it.each(NODES.filter(from(32)))(
    'is applied to $name with kubelet $kubelet without that name, which pods may set all the same',
    async (spec) => {
      const node = await freshNode(spec.name);
      await runs(node, SAFE_SINCE_32);

      await node.setList([ALWAYS.name, SAFE_SINCE_32.name]);
      const report = await node.awaitDone([ALWAYS.name]);

      expect(report.drift).toBeUndefined();
      expect(report.reason).toMatch(/Already safe on this kubelet, not needed: .*net\.ipv4\.tcp_rmem/u);
      expect((await node.kubelet()).argv.at(-1)).toBe(`--allowed-unsafe-sysctls=${ALWAYS.name}`);
    },
  );

  it.each(NODES.filter(before(32)))(
    'is applied whole to $name with kubelet $kubelet, which refuses that name before',
    async (spec) => {
      const node = await freshNode(spec.name);
      await isRefused(node, SAFE_SINCE_32);

      await node.setList([ALWAYS.name, SAFE_SINCE_32.name]);
      await node.awaitDone([ALWAYS.name, SAFE_SINCE_32.name]);

      expect((await node.kubelet()).argv.at(-1)).toBe(
        `--allowed-unsafe-sysctls=${ALWAYS.name},${SAFE_SINCE_32.name}`,
      );
      await runs(node, SAFE_SINCE_32);
    },
  );
});

type Spec = (typeof NODES)[number];

function from(minor: number): (spec: Spec) => boolean {
  return ({ kubelet }) => {
    const parsed = parseVersion(kubelet);
    if (parsed === undefined) throw new Error(`Expected a version such as 1.37.2, got ${kubelet}.`);
    return isAtLeast(parsed, 1, minor);
  };
}

function before(minor: number): (spec: Spec) => boolean {
  return (spec) => !from(minor)(spec);
}

async function version(node: TestNode): Promise<string> {
  return (await node.exec(['/usr/bin/kubelet', '--version'])).stdout;
}

async function isRefused(node: TestNode, sysctl: Sysctl): Promise<void> {
  const pod = await sysctlPod(node, sysctl);
  expect(await pod.settled()).toMatchObject({ kind: 'failed', reason: 'SysctlForbidden' });
  await pod.remove();
}

async function runs(node: TestNode, sysctl: Sysctl): Promise<void> {
  const pod = await sysctlPod(node, sysctl);
  expect(await pod.settled()).toMatchObject({ kind: 'running' });
  // The kernel separates multiple numbers by tabs.
  expect((await pod.valueOf(sysctl.name)).split(/\s+/u)).toEqual(sysctl.value.split(' '));
  await pod.remove();
}
