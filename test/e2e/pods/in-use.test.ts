// Pods that use an allowance that is to be removed.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { nodeEvents } from '../support/cluster/events.ts';
import { freshNode } from '../support/node/fresh.ts';
import { type SysctlPod, sysctlPod } from '../support/node/pods.ts';
import { clearPolicy, setKeys } from '../../../scripts/node/policy.ts';
import type { Report } from '../../../scripts/node/report.ts';
import type { TestNode } from '../../../scripts/node/test-node.ts';
import { e2eWorld } from '../support/bed.ts';

const USED = 'net.core.somaxconn';
const STAYS = 'net.ipv4.tcp_max_syn_backlog';
const THEIRS = 'kernel.msgmax';
const CONFIG = '/var/lib/kubelet/config.yaml';
/** Longer than the first interval of the pod poll, shorter than two. */
const SOME_POLLS_MS = 8000;

const flag = (...names: readonly string[]): string => `--allowed-unsafe-sysctls=${names.join(',')}`;

// inUse applies to every node: one case at a time.
describe('a pod that uses an allowance', () => {
  const pods: SysctlPod[] = [];
  afterEach(async () => {
    await Promise.all(pods.splice(0).map((pod) => pod.remove()));
    await clearPolicy(await e2eWorld());
  });

  /** Returns a pod that runs with the sysctl. */
  async function runningPod(node: TestNode, name: string, value: string): Promise<SysctlPod> {
    const pod = await sysctlPod(node, { name, value });
    pods.push(pod);
    expect(await pod.settled()).toMatchObject({ kind: 'running' });
    return pod;
  }

  it('keeps running when the policy drops it; the node reports why, and changes when the pod is gone', async () => {
    const node = await freshNode('n1');
    await node.setList([USED, STAYS]);
    await node.awaitDone([USED, STAYS]);
    const pod = await runningPod(node, USED, '4096');
    const [text, kubelet] = [await node.text(), await node.kubelet()];

    await node.setList([STAYS]);
    const report = await blocked(node);

    expect(report).toMatchObject({ desired: STAYS, running: `${USED},${STAYS}`, stateLabel: 'Blocked' });
    expect(report.reason).toContain(`e2e/${pod.name}: ${USED}`);
    await sleep(SOME_POLLS_MS);
    expect(await node.report()).toEqual(report);
    expect(await node.text()).toBe(text);
    expect(await node.kubelet()).toEqual(kubelet);
    expect(await pod.now()).toMatchObject({ kind: 'running' });
    expect(await pod.valueOf(USED)).toBe('4096');
    const told = (await nodeEvents(node, 'NodeBlocked')).filter((message) => message.includes(pod.name));
    expect(told).toHaveLength(1);

    await pod.remove();
    await node.awaitDone([STAYS]);
    expect(await node.text()).toBe(`KUBELET_EXTRA_ARGS=${flag(STAYS)}\n`);
    expect((await node.kubelet()).argv.at(-1)).toBe(flag(STAYS));
  });

  it('is ended when the policy allows that', async () => {
    const node = await freshNode('n3');
    await node.setList([USED]);
    await node.awaitDone([USED]);
    const pod = await runningPod(node, USED, '4096');
    await node.setList([]);
    await blocked(node);

    await setKeys(node.world, { inUse: 'Proceed' });
    await node.awaitDone([]);

    await node.waitFor({ what: `end the pod ${pod.name}` }, async () =>
      (await pod.now()).kind === 'failed' ? true : undefined,
    );
    expect(await pod.now()).toMatchObject({ reason: 'SysctlForbidden' });
    expect((await node.kubelet()).argv.join(' ')).not.toContain('--allowed-unsafe-sysctls');
  });

  it('is reported and keeps running while the policy only observes', async () => {
    const node = await freshNode('n2');
    await node.setList([USED]);
    await node.awaitDone([USED]);
    const pod = await runningPod(node, USED, '4096');
    await setKeys(node.world, { mode: 'Observe' });
    await node.awaitReport({ what: 'be Observing' }, ({ state }) => state === 'Observing');

    await setKeys(node.world, { profiles: undefined });
    await node.awaitReport(
      { what: `name e2e/${pod.name}` },
      ({ state, reason = '' }) => state === 'Observing' && reason.includes(`e2e/${pod.name}: ${USED}`),
    );
    expect(await pod.now()).toMatchObject({ kind: 'running' });
  });

  it('blocks a restart for another name after a hand edit removed its own without a restart', async () => {
    const node = await freshNode('n4');
    const config = (await node.text(CONFIG)) ?? '';
    await node.write(`${config}allowedUnsafeSysctls: [${THEIRS}]\n`, CONFIG);
    await node.restartKubelet();
    const pod = await runningPod(node, THEIRS, '9000');
    const kubelet = await node.kubelet();
    await node.write(config, CONFIG);
    await node.awaitReport({ what: 'see the hand' }, ({ drift }) => drift?.includes(`-${THEIRS}`) === true);

    await node.setList([USED]);
    expect((await blocked(node)).reason).toContain(`e2e/${pod.name}: ${THEIRS}`);
    expect(await node.text()).toBeUndefined();
    expect(await node.kubelet()).toEqual(kubelet);

    await node.write(`${config}allowedUnsafeSysctls: [${THEIRS}]\n`, CONFIG);
    await node.awaitDone([THEIRS, USED]);
    expect(await pod.now()).toMatchObject({ kind: 'running' });
    expect(await pod.valueOf(THEIRS)).toBe('9000');
  });
});

async function blocked(node: TestNode): Promise<Report> {
  return node.awaitReport(
    { what: 'be Blocked by a pod' },
    ({ state, reason = '' }) => state === 'Blocked' && reason.includes('e2e/'),
  );
}
