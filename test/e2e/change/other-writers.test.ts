// Other programs that write the kubelet's file, and units that others have changed.

import { describe, expect, it } from 'vitest';
import { freshNode } from '../support/node/fresh.ts';
import { healthz } from '../../../scripts/node/kubelet.ts';
import { useDropIn, useWrapper } from '../../../scripts/node/kubelet-unit.ts';
import type { Report } from '../../../scripts/node/report.ts';
import type { TestNode } from '../../../scripts/node/test-node.ts';

const NAME = 'net.core.somaxconn';
const FLAG = `--allowed-unsafe-sysctls=${NAME}`;
const LINE = 'KUBELET_EXTRA_ARGS=--v=2';
const DROP_IN = '/etc/systemd/system/kubelet.service.d/95-others.conf';
const ADDED = 'kernel.msgmax';

/** The real kubelet, which refuses all flags while its arguments contain the name. */
const REFUSING_KUBELET = `#!/bin/sh
case "$*" in
  *--version*) ;;
  *${NAME}*) exec /usr/bin/kubelet "$@" --no-such-flag ;;
esac
exec /usr/bin/kubelet "$@"
`;

/** As lineinfile without regexp does: adds the line where the file does not have it, and always restarts the kubelet. */
async function play(node: TestNode): Promise<void> {
  const file = node.environmentFile;
  const script = `grep -qxF -e '${LINE}' ${file} || echo '${LINE}' >> ${file}; systemctl restart kubelet`;
  await node.exec(['sh', '-c', script]);
}

async function degraded(node: TestNode): Promise<Report> {
  return node.awaitReport({ what: 'be Degraded' }, ({ state }) => state === 'Degraded');
}

async function blocked(node: TestNode, why: RegExp): Promise<Report> {
  return node.awaitReport(
    { what: `be Blocked with ${why}` },
    ({ state, reason = '' }) => state === 'Blocked' && why.test(reason),
  );
}

describe.concurrent('a program that writes the file again and again', () => {
  it('is left alone after the second time, with its line quoted, and the file does not grow', async () => {
    const node = await freshNode('n1');
    await node.write(`${LINE}\n`);
    await node.setList([NAME]);
    await node.awaitDone([NAME]);

    await play(node);
    await node.waitFor({ what: 'have one line with the flag' }, async () =>
      (await node.text()) === `${LINE} ${FLAG}\n` ||
      (await node.text()) === `KUBELET_EXTRA_ARGS='--v=2 ${FLAG}'\n`
        ? true
        : undefined,
    );
    await node.awaitDone([NAME]);
    await play(node);
    const { reason } = await degraded(node);

    expect(reason).toContain(`${node.environmentFile}, line 2 overrules the flag in line 1: ${LINE}.`);
    expect(reason).toContain(`KUBELET_EXTRA_ARGS='--v=2 ${FLAG}'`);
    const { invocationId } = await node.kubelet();
    const left = await node.text();
    await play(node);
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect(await node.text()).toBe(left);
    expect((await node.kubelet()).invocationId).not.toBe(invocationId);
    expect((await node.report()).state).toBe('Degraded');
  });

  it('before each start of a kubelet that refuses the list, loses our allowance alone when the change is rolled back', async () => {
    const node = await freshNode('n2');
    await node.write(`${LINE}\n`);
    await node.write(
      `[Service]\nExecStartPre=-/bin/sed -i s/sysctls=${NAME}/sysctls=${ADDED},${NAME}/ ${node.environmentFile}\n`,
      DROP_IN,
    );
    await useWrapper(node, REFUSING_KUBELET);

    await node.setList([NAME]);
    const { reason } = await degraded(node);

    expect(reason).toContain('was rolled back');
    expect(await node.text()).toContain(`--allowed-unsafe-sysctls=${ADDED}`);
    expect(await node.text()).not.toContain(NAME);
    expect((await node.kubelet()).argv.at(-1)).toBe(`--allowed-unsafe-sysctls=${ADDED}`);
    expect(await healthz(node.bedNode)).toContain('200 OK');
  });

  it('before each start of the kubelet, and takes the flag out, is named with its line', async () => {
    const node = await freshNode('n3');
    await node.write(`${LINE}\n`);
    await useDropIn(
      node,
      `[Service]\nExecStartPre=-/bin/sed -i s/^KUBELET_EXTRA.*/${LINE}/ ${node.environmentFile}\n`,
    );

    await node.setList([NAME]);
    const { reason } = await degraded(node);

    expect(reason).toContain(`${node.environmentFile}, line 1 no longer has the whole flag: ${LINE}`);
    expect(reason).toContain("between the agent's write and the kubelet's start");
    expect(await node.text()).toBe(`${LINE}\n`);
  });
});

describe('a unit that others have changed', () => {
  it('with a start limit has a running kubelet after a rollback', async () => {
    const node = await freshNode('n4');
    await node.write(
      '[Unit]\nStartLimitIntervalSec=60\nStartLimitBurst=3\n[Service]\nRestart=always\nRestartSec=2s\n',
      DROP_IN,
    );
    await useWrapper(node, REFUSING_KUBELET);
    await node.restartKubelet();

    await node.setList([NAME]);
    const { reason } = await degraded(node);

    expect(reason).toContain('and was rolled back');
    expect((await node.kubelet()).activeState).toBe('active');
    expect(await healthz(node.bedNode)).toContain('200 OK');
  });

  it('so that systemd would not start it again is Blocked, before and after the daemon-reload, until it is corrected', async () => {
    const node = await freshNode('n1');
    const before = await node.text();
    const { invocationId } = await node.kubelet();
    await node.write('[Service]\nExecStart=/usr/bin/kubelet --v=4\n', DROP_IN);

    await node.setList([NAME]);
    await blocked(node, /2 ExecStart= in place of one.*systemctl daemon-reload/u);
    await node.exec(['systemctl', 'daemon-reload']);
    await blocked(node, /kubelet\.service has 2 ExecStart= in force \(LoadState=bad-setting\)/u);
    expect(await node.text()).toBe(before);
    expect((await node.kubelet()).invocationId).toBe(invocationId);

    await node.remove(DROP_IN);
    await node.exec(['systemctl', 'daemon-reload']);
    await node.awaitDone([NAME]);
  });

  it('without a daemon-reload is changed all the same when that changes nothing of the plan', async () => {
    const node = await freshNode('n3');
    await node.write('[Service]\nEnvironment=HTTP_PROXY=http://10.0.0.1\n', DROP_IN);

    await node.setList([NAME]);

    await node.awaitDone([NAME]);
    const { stdout } = await node.exec(['systemctl', 'show', '--property=NeedDaemonReload', 'kubelet']);
    expect(stdout.trim()).toBe('NeedDaemonReload=yes');
  });
});
