// A node that joins after the policy was written.

import { afterAll, expect, it } from 'vitest';
import { silent } from '../../../scripts/bed/util/progress.ts';
import { newNode } from '../../../scripts/matrix/nodes.ts';
import { clearPolicy, setList } from '../../../scripts/node/policy.ts';
import { testNode } from '../../../scripts/node/test-node.ts';
import { e2eWorld } from '../support/bed.ts';

const NODE = 'late';
const NAME = 'net.core.somaxconn';

afterAll(async () => {
  const world = await e2eWorld();
  await clearPolicy(world);
  if (world.bed.nodes.some(({ name }) => name === NODE)) await world.bed.removeNode(NODE);
});

it('a node that joins after the edit gets the list', async () => {
  const world = await e2eWorld();
  await setList(world, NODE, [NAME]);

  await world.bed.addNode(newNode({ name: NODE, layout: 'deb-full' }), silent);
  const node = testNode(world, NODE);
  const report = await node.awaitDone([NAME]);

  expect(report.lastChange).toBeDefined();
  expect(await node.text()).toContain(`--max-pods 60 --allowed-unsafe-sysctls=${NAME}"`);
  expect((await node.kubelet()).argv.at(-1)).toBe(`--allowed-unsafe-sysctls=${NAME}`);
});
