// What `mode: Restore` leaves on a machine's disk.

import { expect } from 'vitest';
import { clearPolicy, setKeys } from '../../../scripts/node/policy.ts';
import type { TestNode } from '../../../scripts/node/test-node.ts';
import {
  differences,
  type RootFileSystem,
  rootFileSystem,
  securityAttributes,
} from '../../e2e/support/node/root-file-system.ts';
import { printFigure } from './figures.ts';

const NAME = 'kubelet-sysctl-agent';
/** Where the agent writes; the module for SELinux bears its name elsewhere. */
const OURS = /^\/(?:etc\/|var\/lib\/kubelet).*sysctl-agent/u;

/** Makes two changes on a restored node and restores it. Returns what then differs on its disk, in content or in attributes, and what bears our name. */
export async function leftAfterRestore(
  node: TestNode,
  [first, second]: readonly [string, string],
): Promise<readonly string[]> {
  await restore(node);
  const [files, attributes] = await diskOf(node);
  const text = await node.text();

  await clearPolicy(node.world);
  for (const names of [[first], [first, second]]) {
    await node.setList(names);
    await node.awaitDone(names);
  }
  expect(await node.text()).not.toBe(text);

  await restore(node);
  const [filesAfter, attributesAfter] = await diskOf(node);
  await clearPolicy(node.world);
  printFigure('compared after mode: Restore', `${files.size} files, ${attributes.size} with security.*`);
  return [
    ...[...files.keys()].filter((path) => OURS.test(path)),
    ...differences(files, filesAfter),
    ...differences(attributes, attributesAfter),
  ];
}

/** Resolves when nothing of the agent is on the host. */
async function restore(node: TestNode): Promise<void> {
  await setKeys(node.world, { mode: 'Restore' });
  await node.waitFor({ what: 'be restored' }, async () => {
    const { state } = await node.report();
    const found = await node.bedNode.files.names('/var/lib');
    return state === 'Done' && !found.includes(NAME) ? true : undefined;
  });
}

async function diskOf({ bedNode }: TestNode): Promise<readonly [RootFileSystem, RootFileSystem]> {
  return [await rootFileSystem(bedNode), await securityAttributes(bedNode)];
}
