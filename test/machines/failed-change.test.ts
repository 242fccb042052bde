// A change with which the kubelet of a virtual machine does not start.

import { expect, it } from 'vitest';
import { refuse, refuseNothing, useFaultyKubelet } from '../../scripts/node/faulty-kubelet.ts';
import { healthz } from '../../scripts/node/kubelet.ts';
import { dropWrapper } from '../../scripts/node/kubelet-unit.ts';
import { printTime } from './support/figures.ts';
import { FLAG, machineWith } from './support/node.ts';

const NAME = 'net.core.somaxconn';
const MORE = 'net.core.wmem_max';

it('on a virtual machine, a change with which the kubelet does not start is rolled back to the byte', async () => {
  const node = await machineWith([NAME]);
  await useFaultyKubelet(node);
  const [text, facts] = [await node.text(), await node.facts()];
  const names = [NAME, MORE];
  await refuse(node, { names });

  const begun = performance.now();
  await node.setList(names);
  const { reason } = await node.awaitReport(
    { what: 'be Degraded' },
    ({ state, desired }) => state === 'Degraded' && desired === names.join(','),
  );
  printTime('from the edit to rolled back', begun);

  expect(reason).toMatch(/rolled back.*unknown flag: --no-such-flag.*Next try at/su);
  expect(await node.text()).toBe(text);
  expect(await node.facts()).toMatchObject({ mode: facts?.mode, uid: facts?.uid, gid: facts?.gid });
  expect((await node.kubelet()).argv.at(-1)).toBe(`${FLAG}${NAME}`);
  expect(await healthz(node.bedNode)).toContain('200 OK');
  await refuseNothing(node);
  await node.awaitDone(names);
  await dropWrapper(node);
});
