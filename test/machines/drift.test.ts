// Hand edits of a virtual machine's file.

import { expect, it } from 'vitest';
import { FLAG, machineWith } from './support/node.ts';

const NAME = 'net.core.somaxconn';
const THEIRS = 'kernel.msgmax';

it('on a virtual machine, a hand edit that removes a name of the policy is reported as drift and healed', async () => {
  const node = await machineWith([NAME]);
  const text = await node.text();
  const edited = text?.replace(` ${FLAG}${NAME}`, '') ?? '';
  expect(edited).not.toBe(text);

  await node.write(edited);
  await node.awaitReport(
    { what: 'report the missing name' },
    ({ drift }) => drift === `missing: ${NAME}; pending restart: -${NAME}`,
  );
  await node.waitFor({ what: 'have its file healed' }, async () =>
    (await node.text()) === text ? true : undefined,
  );
  await node.awaitDone([NAME]);
  expect((await node.kubelet()).argv.at(-1)).toBe(FLAG + NAME);
});

it('on a virtual machine, a name that a person adds stays and is reported', async () => {
  const node = await machineWith([NAME]);
  const [text = '', kubelet] = [await node.text(), await node.kubelet()];
  const edited = text.replace(`${FLAG}${NAME}`, `${FLAG}${NAME},${THEIRS}`);

  await node.write(edited);
  await node.awaitReport(
    { what: 'report the unmanaged name' },
    ({ drift }) =>
      drift?.startsWith(`unmanaged: ${THEIRS} (KUBELET_EXTRA_ARGS in ${node.environmentFile}, line `) ===
        true && drift.endsWith(`; pending restart: +${THEIRS}`),
  );
  expect(await node.text()).toBe(edited);
  expect(await node.kubelet()).toEqual(kubelet);

  await node.write(text);
  await node.awaitDone([NAME]);
});
