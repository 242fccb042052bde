// The host's own service on a virtual machine, with a systemd and a kernel of its own.

import { expect, it, onTestFinished } from 'vitest';
import {
  awaitStatus,
  editPolicy,
  expectRollback,
  expectWatchdog,
  installService,
  labelForService,
  listOf,
  SERVICE,
} from '../e2e/support/node/host-service.ts';
import { healthz } from '../../scripts/node/kubelet.ts';
import { dropWrapper } from '../../scripts/node/kubelet-unit.ts';
import type { TestNode } from '../../scripts/node/test-node.ts';
import { printTime } from './support/figures.ts';
import { reach, rememberBefore } from './support/instants.ts';
import { leftOvers } from './support/left-overs.ts';
import { machineWith } from './support/node.ts';

const NAME = 'net.core.somaxconn';
const MORE = 'kernel.sem';
const BAD = 'kernel.msgmax';

it("on a virtual machine, the host's own service proves an edit, rolls back with the kubelet's own words, survives a power cut, and is ended by its watchdog", async () => {
  const node = await machineWith([]);
  const remove = await installService(node);
  const unlabel = await labelForService(node);
  onTestFinished(async () => {
    await remove();
    await dropWrapper(node);
    await unlabel();
  });
  await editPolicy(node, [NAME]);
  const begun = performance.now();
  await node.exec(['systemctl', 'enable', '--now', SERVICE]);
  await awaitStatus(node, /^Done: The kubelet runs with/u);
  printTime('from the start of the service to Done', begun);
  expect(listOf(await node.kubelet())).toBe(NAME);

  const why = /^Degraded: The change failed and was rolled back.*unknown flag: --no-such-flag/u;
  await expectRollback(node, { name: NAME, bad: BAD, why });
  await survivesAPowerCut(node);
  await expectWatchdog(node);
});

async function survivesAPowerCut(node: TestNode): Promise<void> {
  const text = (await node.text()) ?? '';
  await rememberBefore(node);
  const instant = { step: 'the file is replaced', thenSeconds: 0 } as const;
  await Promise.all([reach(node, instant), editPolicy(node, [NAME, MORE])]);
  await node.bedNode.kill();
  await node.bedNode.boot();
  expect([text, text.replace(NAME, `${NAME},${MORE}`)]).toContain(await node.text());
  await awaitStatus(node, /^Done: The kubelet runs with all 2 /u);
  expect(
    listOf(await node.kubelet())
      ?.split(',')
      .toSorted(),
  ).toEqual([MORE, NAME]);
  expect(await healthz(node.bedNode)).toContain('200 OK');
  await node.waitFor({ what: 'have nothing left of the change' }, async () =>
    (await leftOvers(node)).length === 0 ? true : undefined,
  );
}
