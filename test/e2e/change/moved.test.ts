// Other parties' drop-ins: arguments that change after the agent has copied them, and another file as the target.

import { expect, it } from 'vitest';
import { freshNode } from '../support/node/fresh.ts';
import { setKeys } from '../../../scripts/node/policy.ts';
import type { TestNode } from '../../../scripts/node/test-node.ts';

const NAME = 'net.core.somaxconn';
const FLAG = `--allowed-unsafe-sysctls=${NAME}`;
const FOLDER = '/etc/systemd/system/kubelet.service.d';

async function reload(node: TestNode): Promise<void> {
  await node.exec(['systemctl', 'daemon-reload']);
}

function verbosity(value: number): string {
  return `[Service]\nEnvironment="KUBELET_EXTRA_ARGS=--v=${value}"\n`;
}

it('a drop-in’s edited arguments come into force with the restart of the person who edited them (F05)', async () => {
  const node = await freshNode('n4');
  await node.setList([NAME]);
  await node.awaitDone([NAME]);
  const before = await node.kubelet();
  expect(before.argv.slice(-2)).toEqual(['--v=3', FLAG]);

  await node.write(verbosity(4), `${FOLDER}/20-verbosity.conf`);
  await reload(node);
  await node.waitFor({ what: 'have the new arguments in its file' }, async () =>
    (await node.text()) === `KUBELET_EXTRA_ARGS=--v=4\\ ${FLAG}\n` ? true : undefined,
  );
  expect((await node.kubelet()).invocationId).toBe(before.invocationId);
  await node.restartKubelet();
  await node.awaitDone([NAME]);
  expect((await node.kubelet()).argv.slice(-2)).toEqual(['--v=4', FLAG]);

  await node.write(verbosity(2), `${FOLDER}/20-verbosity.conf`);
  await reload(node);
  await node.restartKubelet();
  await node.waitFor({ what: 'run with what was edited right before its restart' }, async () =>
    (await node.kubelet()).argv.includes('--v=2') ? true : undefined,
  );
  await node.awaitDone([NAME]);

  await setKeys(node.world, { mode: 'Restore' });
  await node.awaitDone([]);
  expect(await node.text()).toBeUndefined();
  expect((await node.kubelet()).argv.at(-1)).toBe('--v=2');
});

it('mode: Restore cleans the file that was the target before another drop-in (h2)', async () => {
  const node = await freshNode('n1');
  await node.setList([NAME]);
  await node.awaitDone([NAME]);
  expect(await node.text()).toContain(FLAG);

  const other = `${FOLDER}/extra.env`;
  await node.write('KUBELET_EXTRA_ARGS=--v=2\n', other);
  await node.write(`[Service]\nEnvironmentFile=\nEnvironmentFile=-${other}\n`, `${FOLDER}/90-other.conf`);
  await reload(node);
  await node.waitFor({ what: 'have its flag in the new file alone' }, async () =>
    (await node.text(other))?.includes(FLAG) === true && (await node.text()) === undefined ? true : undefined,
  );
  await node.awaitDone([NAME]);

  await setKeys(node.world, { mode: 'Restore' });
  await node.awaitDone([]);
  expect(await node.text(other)).toBe('KUBELET_EXTRA_ARGS=--v=2\n');
  await node.remove(`${FOLDER}/90-other.conf`);
  await reload(node);
  await node.restartKubelet();
  expect((await node.kubelet()).argv.join(' ')).not.toContain('--allowed-unsafe-sysctls');
});
