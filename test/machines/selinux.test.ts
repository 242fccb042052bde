// SELinux enforces by Debian's own policy, which lets the agent's domain do everything but ask systemd.

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { agentPodOn } from '../../scripts/node/agent-pod.ts';
import { refuse, refuseNothing, useFaultyKubelet } from '../../scripts/node/faulty-kubelet.ts';
import { dropWrapper } from '../../scripts/node/kubelet-unit.ts';
import type { TestNode } from '../../scripts/node/test-node.ts';
import { sysctlPod } from '../e2e/support/node/pods.ts';
import { printTime } from './support/figures.ts';
import { FLAG, machine, machineWith } from './support/node.ts';
import { leftAfterRestore } from './support/no-trace.ts';
import { SYSTEM } from './support/system.ts';

const MODULE = join(import.meta.dirname, '../../daemonset/selinux/kubelet-sysctl-agent.cil');
const LOADED = '/root/kubelet-sysctl-agent.cil';
const UNIT_IN_ETC = '/etc/systemd/system/kubelet.service';
const AUDIT_LOG = '/var/log/audit/audit.log';
const NAME = 'net.core.somaxconn';
const MORE = 'net.core.wmem_max';
const CONTEXT = 'system_u:system_r:spc_t:s0';

describe.skipIf(SYSTEM !== 'debian13-selinux')('on a node where SELinux enforces', () => {
  it('an agent whose domain lacks rules reports its context and the module to load', async () => {
    const node = await machine();
    expect((await node.exec(['getenforce'])).stdout).toBe('Enforcing');
    await node.setList([NAME]);
    const { reason } = await node.awaitReport({ what: 'be Degraded' }, ({ state }) => state === 'Degraded');

    expect(reason).toContain('ccess denied');
    expect(reason).toContain(`SELinux enforces, and the agent runs as ${CONTEXT}`);
    expect(reason).toMatch(/kubelet-sysctl-agent\.cil.*semodule -i.*docs\/how-to\/selinux\.md/su);
  });

  it('once the module is loaded the agent is Done without a restart, and a pod with the sysctl runs', async () => {
    const node = await machine();
    await node.bedNode.files.copyIn(MODULE, LOADED);
    const before = await agentPodOn(node.world, node.name);
    const begun = performance.now();
    await node.exec(['semodule', '-i', LOADED]);
    printTime('semodule -i', begun);
    await node.awaitDone([NAME]);
    printTime('from semodule -i to Done', begun);
    expect(await agentPodOn(node.world, node.name)).toMatchObject({
      uid: before?.uid,
      restarts: before?.restarts,
    });

    const pod = await sysctlPod(node, { name: NAME, value: '4096' });
    expect(await pod.settled()).toMatchObject({ kind: 'running' });
    await pod.remove();
  });

  it('an edit and a failed change that is rolled back keep the types of the files, also one that was set by hand', async () => {
    const node = await machineWith([NAME]);
    expect(await typeOf(node, node.environmentFile)).toBe('etc_t');
    await node.exec(['chcon', '-t', 'kubernetes_config_t', node.environmentFile]);
    const begun = performance.now();
    await node.setList([MORE]);
    await node.awaitDone([MORE]);
    printTime('from the edit to Done', begun);
    expect((await node.kubelet()).argv.at(-1)).toBe(FLAG + MORE);
    expect(await typeOf(node, node.environmentFile)).toBe('kubernetes_config_t');
    expect(await typeOf(node, '/var/lib/kubelet-sysctl-agent/state.json')).toBe('var_lib_t');

    await useFaultyKubelet(node);
    await refuse(node, { names: [MORE, NAME] });
    const text = await node.text();
    await node.setList([MORE, NAME]);
    await node.awaitReport(
      { what: 'be Degraded' },
      ({ state, reason }) => state === 'Degraded' && /rolled back/u.test(reason ?? ''),
    );
    expect(await node.text()).toBe(text);
    expect(await typeOf(node, node.environmentFile)).toBe('kubernetes_config_t');
    await refuseNothing(node);
    await node.awaitDone([MORE, NAME]);
    await dropWrapper(node);
  });

  it('the rules are enough for a kubelet whose unit is in /etc, as other installers put it', async () => {
    const node = await machineWith([NAME]);
    await node.exec(['cp', '/usr/lib/systemd/system/kubelet.service', UNIT_IN_ETC]);
    await node.exec(['systemctl', 'daemon-reload']);
    try {
      expect(await typeOf(node, UNIT_IN_ETC)).toBe('systemd_unit_t');
      await node.setList([MORE]);
      await node.awaitDone([MORE]);
    } finally {
      await node.remove(UNIT_IN_ETC);
      await node.exec(['systemctl', 'daemon-reload']);
    }
  });

  it('mode: Restore leaves the disk as it was, with the context of every file', async () => {
    expect(await leftAfterRestore(await machine(), [NAME, MORE])).toEqual([]);
  });

  it('nothing was refused to the agent since the module was loaded', async () => {
    const node = await machine();
    expect(await refusedSince(node)).toEqual([]);
  });
});

async function typeOf(node: TestNode, path: string): Promise<string | undefined> {
  return (await node.exec(['stat', '--format=%C', path])).stdout.split(':')[2];
}

/** Returns the denials of the agent's domain after the last load of a policy. */
async function refusedSince(node: TestNode): Promise<readonly string[]> {
  const lines = String(await node.bedNode.files.read(AUDIT_LOG)).split('\n');
  const loadedAt = lines.findLastIndex((line) => line.startsWith('type=MAC_POLICY_LOAD'));
  expect(loadedAt).toBeGreaterThan(0);
  return lines.slice(loadedAt).filter((line) => / denied .*scontext=\S*:spc_t:/u.test(line));
}
