// What ExecStart= starts when it is no kubelet: it is named, and never run.

import { afterEach, describe, expect, it } from 'vitest';
import { useDropIn } from '../../../scripts/node/kubelet-unit.ts';
import { clearPolicy, setKeys } from '../../../scripts/node/policy.ts';
import type { TestNode } from '../../../scripts/node/test-node.ts';
import { e2eWorld } from '../support/bed.ts';
import { freshNode } from '../support/node/fresh.ts';

const NAME = 'net.core.somaxconn';
const KUBELET = '/usr/bin/kubelet';
const KEPT = '/usr/bin/kubelet.kept';
const LAUNCHER = '/opt/start-kubelet.sh';
const RUNS = '/run/e2e-runs';
/** Longer than the agent's passes after an edit. */
const LONG_ENOUGH_MS = 5000;

/** As AKS had it: it starts a kubelet whatever its arguments are. */
const SCRIPT = `#!/bin/bash
echo "$$ $*" >> ${RUNS}
exec ${KUBELET} $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS
`;
const MARKING = `#!/bin/sh
echo "$$ $*" >> ${RUNS}
exec ${KEPT} "$@"
`;

afterEach(async () => {
  await clearPolicy(await e2eWorld());
});

describe('a script in ExecStart=', () => {
  it.each([
    ['without arguments', LAUNCHER, {}],
    ['with $KUBELET_EXTRA_ARGS', `${LAUNCHER} $KUBELET_EXTRA_ARGS`, {}],
    ['of an observing agent', `${LAUNCHER} $KUBELET_EXTRA_ARGS`, { mode: 'Observe' }],
    ['of a paused agent', `${LAUNCHER} $KUBELET_EXTRA_ARGS`, { paused: 'true' }],
  ])('%s is named and never run by the agent', async (_title, execStart, keys) => {
    const node = await freshlyDone('n1');
    const before = await node.text();
    await node.remove(RUNS);
    await node.write(SCRIPT, LAUNCHER, 0o755);
    await useDropIn(node, `[Service]\nExecStart=\nExecStart=${execStart}\n`);

    await node.setList([NAME]);
    await setKeys(node.world, keys);
    const { reason } = await unreconcilable(node);
    expect(reason).toContain(`found ${LAUNCHER}, a script (#!/bin/bash).`);

    await node.write(`# touched\n${before ?? ''}`);
    await new Promise((resolve) => setTimeout(resolve, LONG_ENOUGH_MS));
    expect((await node.report()).reason).toBe(reason);
    // Once by systemd.
    expect((await node.text(RUNS))?.trim().split('\n')).toHaveLength(1);
  });
});

it('a kubelet whose file was replaced by a script is not run, and the node is changed when the binary is back', async () => {
  const node = await freshlyDone('n1');
  await node.remove(RUNS);
  await node.exec(['mv', KUBELET, KEPT]);
  try {
    await node.write(MARKING, KUBELET, 0o755);

    await node.setList([NAME]);
    const { reason } = await unreconcilable(node);
    expect(reason).toContain(`${KUBELET}, a script (#!/bin/sh)`);
    expect(await node.text(RUNS)).toBeUndefined();
  } finally {
    await node.exec(['mv', KEPT, KUBELET]);
  }

  await node.restartKubelet();
  await node.awaitDone([NAME]);
  expect(await node.text(RUNS)).toBeUndefined();
});

/** What an earlier case left in its report must not be taken for this one's. */
async function freshlyDone(name: string): Promise<TestNode> {
  const node = await freshNode(name);
  await node.awaitReport({ what: 'be Done with nothing' }, ({ state }) => state === 'Done');
  return node;
}

async function unreconcilable(node: TestNode): Promise<{ readonly reason: string | undefined }> {
  const { reason } = await node.awaitReport(
    { what: 'be Unreconcilable' },
    ({ state }) => state === 'Unreconcilable',
  );
  return { reason };
}
