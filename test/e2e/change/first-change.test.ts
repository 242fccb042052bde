// The first name that the policy gives a node, on every layout.

import { describe, expect, it } from 'vitest';
import { freshNode } from '../support/node/fresh.ts';
import { sysctlPod } from '../support/node/pods.ts';

const NAME = 'net.core.somaxconn';
const FLAG = `--allowed-unsafe-sysctls=${NAME}`;

describe.concurrent('the first allowance of a node', () => {
  it('makes the missing file, restarts the kubelet with it, and the refused pod runs', async () => {
    const node = await freshNode('n1');
    expect(await node.text()).toBeUndefined();
    const before = await node.kubelet();
    const sysctl = { name: NAME, value: '4096' };
    const refused = await sysctlPod(node, sysctl);
    expect(await refused.settled()).toMatchObject({ kind: 'failed', reason: 'SysctlForbidden' });
    await refused.remove();

    await node.setList([NAME]);
    await node.awaitDone([NAME]);

    expect(await node.text()).toBe(`KUBELET_EXTRA_ARGS=${FLAG}\n`);
    expect(await node.facts()).toMatchObject({ mode: 0o644, uid: 0, gid: 0 });
    const after = await node.kubelet();
    expect(after.argv).toEqual([...before.argv, FLAG]);
    expect(after.invocationId).not.toBe(before.invocationId);
    const pod = await sysctlPod(node, sysctl);
    expect(await pod.settled()).toMatchObject({ kind: 'running' });
    expect(await pod.valueOf(NAME)).toBe('4096');
    await pod.remove();
  });

  it("adds one word to a file full of others' arguments and keeps every other byte, mode and owner", async () => {
    const node = await freshNode('n2');
    const before = { text: (await node.text()) ?? '', argv: (await node.kubelet()).argv };
    await node.exec(['chown', '7:8', node.environmentFile]);
    await node.exec(['chmod', '0640', node.environmentFile]);

    await node.setList([NAME]);
    await node.awaitDone([NAME]);

    const text = (await node.text()) ?? '';
    expect(text).toContain(`--max-pods 60 ${FLAG}"`);
    expect(text.replace(` ${FLAG}`, '')).toBe(before.text);
    expect(await node.facts()).toMatchObject({ mode: 0o640, uid: 7, gid: 8 });
    expect(before.argv).toEqual(expect.arrayContaining(['--node-labels=team=a,zone=b', '--v=2', '60']));
    expect((await node.kubelet()).argv).toEqual([...before.argv, FLAG]);
  });

  it('goes into /etc/sysconfig/kubelet where the unit of the rpm packages reads that', async () => {
    const node = await freshNode('n3');
    expect(await node.text('/etc/sysconfig/kubelet')).toBe('KUBELET_EXTRA_ARGS=\n');
    const { argv } = await node.kubelet();

    await node.setList([NAME]);
    await node.awaitDone([NAME]);

    expect(await node.text('/etc/sysconfig/kubelet')).toBe(`KUBELET_EXTRA_ARGS=${FLAG}\n`);
    expect(await node.text('/etc/default/kubelet')).toBeUndefined();
    expect((await node.kubelet()).argv).toEqual([...argv, FLAG]);
  });

  it("keeps the arguments of a drop-in, which the new file's assignment replaces", async () => {
    const node = await freshNode('n4');
    expect(await node.text()).toBeUndefined();
    const { argv } = await node.kubelet();
    expect(argv).toContain('--v=3');

    await node.setList([NAME]);
    await node.awaitDone([NAME]);

    expect(await node.text()).toBe(`KUBELET_EXTRA_ARGS=--v=3\\ ${FLAG}\n`);
    expect((await node.kubelet()).argv).toEqual([...argv, FLAG]);
  });

  it('is not made where the unit does not use KUBELET_EXTRA_ARGS, and the node reports what was found', async () => {
    const node = await freshNode('n5');
    const before = await node.kubelet();

    await node.setList([NAME]);
    const report = await node.awaitReport(
      { what: 'say that it cannot be reconciled with what is desired now' },
      ({ state, desired }) => state === 'Unreconcilable' && desired === NAME,
    );

    expect(report.reason).toMatch(
      /KUBELET_EXTRA_ARGS.*found KUBELET_KUBECONFIG_ARGS|\$KUBELET_KUBECONFIG_ARGS/u,
    );
    expect(report.reason).toContain('/var/lib/kubelet/kubeadm-flags.env');
    expect(report.stateLabel).toBe('Unreconcilable');
    expect(await node.text('/etc/default/kubelet')).toBeUndefined();
    expect(await node.kubelet()).toEqual(before);
  });
});
