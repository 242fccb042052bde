// Hand edits of a node's file: reported at once, and healed where they undo the policy.

import { describe, expect, it } from 'vitest';
import { nodeEvents } from '../support/cluster/events.ts';
import { freshNode, freshNodes } from '../support/node/fresh.ts';
import { watchNode } from '../support/node/node-watch.ts';
import { setKeys } from '../../../scripts/node/policy.ts';

const NAME = 'net.core.somaxconn';
const THEIRS = 'kernel.msgmax';
const FLAG = `--allowed-unsafe-sysctls=${NAME}`;
/** Limit from a hand edit to the node's annotation, in ms, on a machine that runs another bed; `npm run bench` measures it alone. */
const SEEN_WITHIN_MS = 1000;
/** The fastest counts: the others measure what else the machine does. */
const TIMED_EDITS = 3;

describe.concurrent('a hand edit', () => {
  it('that removes a policy name is reported as drift and healed', async () => {
    const node = await freshNode('n1');
    await node.setList([NAME]);
    await node.awaitDone([NAME]);
    const healthy = await node.text();
    await using watch = await watchNode(node.world, node.name);

    await node.write('KUBELET_EXTRA_ARGS=\n');
    await node.waitFor({ what: 'have its file healed' }, async () =>
      (await node.text()) === `KUBELET_EXTRA_ARGS=${FLAG}\n` ? true : undefined,
    );
    await node.awaitDone([NAME]);

    const drifted = await watch.sighting((report) => report.drift?.includes('missing') === true);
    expect(drifted?.report.drift).toBe(`missing: ${NAME}; pending restart: -${NAME}`);
    expect((await node.kubelet()).argv.at(-1)).toBe(FLAG);
    expect(healthy).toContain(FLAG);
    expect(await nodeEvents(node, 'ConfigDriftDetected')).toContain(drifted?.report.drift);
  });

  it('that removes the whole file is healed', async () => {
    const node = await freshNode('n4');
    await node.setList([NAME]);
    await node.awaitDone([NAME]);
    const healthy = await node.text();

    await node.remove();
    const healed = await node.waitFor({ what: 'have its file again' }, () => node.text());
    expect(healed).toBe(healthy);
    await node.awaitDone([NAME]);
  });

  it('that adds an unmanaged name is reported as pending until the user restarts the kubelet', async () => {
    const node = await freshNode('n2');
    await node.setList([NAME]);
    await node.awaitDone([NAME]);
    const before = await node.kubelet();
    const edited = (await node.text())?.replace(FLAG, `${FLAG},${THEIRS}`) ?? '';

    await node.write(edited);
    const origin = `${THEIRS} (KUBELET_EXTRA_ARGS in ${node.environmentFile}, line 13)`;
    const drift = `unmanaged: ${origin}; pending restart: +${THEIRS}`;
    await node.awaitReport({ what: `show the drift ${drift}` }, (report) => report.drift === drift);
    expect(await node.text()).toBe(edited);
    expect(await node.kubelet()).toEqual(before);

    await node.restartKubelet();
    const report = await node.awaitDone([NAME, THEIRS]);
    expect(report.drift).toBe(`unmanaged: ${origin}`);
  });
});

describe('while the policy only observes', () => {
  it('a hand edit stays and is reported as drift within a second', async () => {
    const [node] = await freshNodes(['n1']);
    if (node === undefined) throw new Error('Expected a node.');
    await node.setList([NAME]);
    await node.awaitDone([NAME]);
    await setKeys(node.world, { mode: 'Observe' });
    await node.awaitReport({ what: 'be Observing' }, ({ state }) => state === 'Observing');
    const before = await node.kubelet();

    const drift = `missing: ${NAME}; pending restart: -${NAME}`;
    const tookMs: number[] = [];
    for (let edit = 0; edit < TIMED_EDITS; edit += 1) {
      await node.write(`KUBELET_EXTRA_ARGS=${FLAG}\n`);
      await node.awaitReport({ what: 'show no drift' }, (report) => report.drift === undefined);
      await using watch = await watchNode(node.world, node.name);
      const editedAt = performance.now();
      await node.write('KUBELET_EXTRA_ARGS=\n');
      const seen = await watch.sighting((report) => report.drift === drift);
      expect(seen?.report.reason).toMatch(/Would change:.*net\.core\.somaxconn/u);
      tookMs.push((seen?.at ?? Infinity) - editedAt);
    }
    expect(Math.min(...tookMs)).toBeLessThan(SEEN_WITHIN_MS);
    expect(await node.text()).toBe('KUBELET_EXTRA_ARGS=\n');
    expect(await node.kubelet()).toEqual(before);

    await setKeys(node.world, { mode: undefined });
    await node.awaitDone([NAME]);
    expect(await node.text()).toBe(`KUBELET_EXTRA_ARGS=${FLAG}\n`);
  });
});
