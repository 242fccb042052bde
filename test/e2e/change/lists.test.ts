// Names that are added, removed, or unmanaged.

import { describe, expect, it } from 'vitest';
import { freshNode } from '../support/node/fresh.ts';
import { sysctlPod } from '../support/node/pods.ts';
import { listIn } from '../../../scripts/node/report.ts';

const OURS = 'net.core.somaxconn';
const SECOND = 'net.ipv4.tcp_max_syn_backlog';
const THEIRS = 'kernel.msgmax';

const flag = (...names: readonly string[]): string => `--allowed-unsafe-sysctls=${names.join(',')}`;

describe.concurrent('the list of a node', () => {
  it('loses a name that the policy drops, in the file and in the process', async () => {
    const node = await freshNode('n1');
    await node.setList([OURS, SECOND]);
    await node.awaitDone([OURS, SECOND]);
    expect(await node.text()).toBe(`KUBELET_EXTRA_ARGS=${flag(OURS, SECOND)}\n`);
    expect((await node.kubelet()).argv).toContain(flag(OURS, SECOND));

    await node.setList([SECOND]);
    await node.awaitDone([SECOND]);

    expect(await node.text()).toBe(`KUBELET_EXTRA_ARGS=${flag(SECOND)}\n`);
    expect((await node.kubelet()).argv.at(-1)).toBe(flag(SECOND));
    const refused = await sysctlPod(node, { name: OURS, value: '4096' });
    expect(await refused.settled()).toMatchObject({ kind: 'failed', reason: 'SysctlForbidden' });
    await refused.remove();
  });

  it('keeps and reports an unmanaged name, and loses only the policy names again', async () => {
    const node = await freshNode('n3');
    await node.write(`KUBELET_EXTRA_ARGS="${flag(THEIRS)} --v=2"\n`);
    await node.restartKubelet();

    await node.setList([OURS]);
    const report = await node.awaitDone([THEIRS, OURS]);

    expect(await node.text()).toBe(`KUBELET_EXTRA_ARGS="${flag(THEIRS, OURS)} --v=2"\n`);
    expect(listIn(report.desired)).toEqual([OURS]);
    expect(report.drift).toBe(`unmanaged: ${THEIRS} (KUBELET_EXTRA_ARGS in ${node.environmentFile}, line 1)`);
    expect(report.reason).toContain(THEIRS);

    await node.setList([]);
    await node.awaitDone([THEIRS]);
    expect(await node.text()).toBe(`KUBELET_EXTRA_ARGS="${flag(THEIRS)} --v=2"\n`);
    expect((await node.kubelet()).argv).toEqual(expect.arrayContaining([flag(THEIRS), '--v=2']));
  });

  it('adopts the list of config.yaml, which the flag replaces, and no pod that needs it dies', async () => {
    const node = await freshNode('n2');
    const config = (await node.text('/var/lib/kubelet/config.yaml')) ?? '';
    await node.write(`${config}allowedUnsafeSysctls: [${THEIRS}]\n`, '/var/lib/kubelet/config.yaml');
    await node.restartKubelet();
    const pod = await sysctlPod(node, { name: THEIRS, value: '9000' });
    expect(await pod.settled()).toMatchObject({ kind: 'running' });

    await node.setList([OURS]);
    const report = await node.awaitDone([THEIRS, OURS]);

    expect((await node.kubelet()).argv.at(-1)).toBe(flag(THEIRS, OURS));
    expect(report.drift).toMatch(/unmanaged: kernel\.msgmax \(.*\/var\/lib\/kubelet\/config\.yaml/u);
    expect(await pod.valueOf(THEIRS)).toBe('9000');
    expect(await pod.now()).toMatchObject({ kind: 'running' });
    await pod.remove();

    await node.setList([]);
    await node.awaitReport(
      { what: 'have its list from config.yaml alone again' },
      (now) => now.running === THEIRS && now.desired === '',
    );
    expect((await node.kubelet()).argv.join(' ')).not.toContain('--allowed-unsafe-sysctls');
  });

  it('adopts the list of a drop-in in the folder of --config-dir', async () => {
    const node = await freshNode('n4');
    const folder = '/etc/kubernetes/kubelet.conf.d';
    const flags = (await node.text('/var/lib/kubelet/kubeadm-flags.env')) ?? '';
    await node.write(
      `apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nallowedUnsafeSysctls:\n- ${THEIRS}\n`,
      `${folder}/50-queues.conf`,
    );
    await node.write(
      flags.replace(/"\n$/u, ` --config-dir=${folder}"\n`),
      '/var/lib/kubelet/kubeadm-flags.env',
    );
    await node.restartKubelet();

    await node.setList([OURS]);
    const report = await node.awaitDone([THEIRS, OURS]);

    expect(await node.text()).toBe(`KUBELET_EXTRA_ARGS=--v=3\\ ${flag(THEIRS, OURS)}\n`);
    const { argv } = await node.kubelet();
    expect(argv).toEqual(expect.arrayContaining([`--config-dir=${folder}`, '--v=3', flag(THEIRS, OURS)]));
    expect(report.drift).toContain(`${folder}/50-queues.conf`);
    const pod = await sysctlPod(node, { name: THEIRS, value: '9000' });
    expect(await pod.settled()).toMatchObject({ kind: 'running' });
    await pod.remove();
  });
});
