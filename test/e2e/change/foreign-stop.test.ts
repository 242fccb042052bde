// Another program that ends a healthy kubelet while its change is watched, as health checkers on people's nodes do.

import { afterEach, describe, expect, it } from 'vitest';
import { healthz } from '../../../scripts/node/kubelet.ts';
import { clearPolicy, setKeys } from '../../../scripts/node/policy.ts';
import { type TestNode, testNode } from '../../../scripts/node/test-node.ts';
import { e2eWorld } from '../support/bed.ts';
import { freshNode } from '../support/node/fresh.ts';

const NODE = 'n2';
const NAME = 'net.core.somaxconn';
const CHECKER = 'kubelet-healthcheck.service';
const UNIT = `/run/systemd/system/${CHECKER}`;
const SCRIPT = '/run/e2e-healthcheck';
const DONE = '/run/e2e-ended';

const UNIT_TEXT = `[Service]\nExecStart=/bin/sh ${SCRIPT}\n`;

/** Ends the kubelet once, some seconds after it has started with the list. */
const scriptThatRuns = (command: string): string => `
until [ -e ${DONE} ]; do
  pid=$(systemctl show --property=MainPID --value kubelet)
  if tr '\\0' ' ' < /proc/$pid/cmdline | grep -q ${NAME}; then
    sleep 3
    touch ${DONE}
    ${command}
  fi
  sleep 0.2
done
sleep infinity
`;

afterEach(async () => {
  const world = await e2eWorld();
  const node = testNode(world, NODE);
  await node.exec(['systemctl', 'stop', CHECKER]);
  await Promise.all([UNIT, SCRIPT, DONE].map((path) => node.remove(path)));
  await node.exec(['systemctl', 'daemon-reload']);
  await clearPolicy(world);
});

async function useChecker(node: TestNode, command: string): Promise<void> {
  await node.write(scriptThatRuns(command), SCRIPT);
  await node.write(UNIT_TEXT, UNIT);
  await node.exec(['systemctl', 'daemon-reload']);
  await node.exec(['systemctl', 'start', CHECKER]);
}

describe('a kubelet that another program ends while its change is watched', () => {
  it.each(['systemctl kill kubelet', 'systemctl kill --signal=KILL kubelet', 'systemctl restart kubelet'])(
    'keeps the change, its next start is proven, and the program is named (%s)',
    async (command) => {
      const node = await freshNode(NODE);
      const { invocationId } = await node.kubelet();
      await useChecker(node, command);

      const own = {
        name: NODE,
        nodeSelector: { 'kubernetes.io/hostname': NODE },
        allowedUnsafeSysctls: [NAME],
      };
      await setKeys(node.world, { nodeSoakSeconds: '10', profiles: JSON.stringify([own]) });
      const report = await node.awaitReport(
        { what: 'be Done or Degraded', timeoutMs: 90_000 },
        ({ state, desired }) => desired === NAME && (state === 'Done' || state === 'Degraded'),
      );

      expect(report).toMatchObject({ state: 'Done', running: NAME });
      expect(await node.facts(DONE)).toBeDefined();
      expect(report.history).toMatch(
        /another program \(kubelet-healthcheck\.service\?\) ended the kubelet: kubelet\.service .*the next start was proven/u,
      );
      const now = await node.kubelet();
      expect(now.argv.join(' ')).toContain(`--allowed-unsafe-sysctls=${NAME}`);
      expect(now.invocationId).not.toBe(invocationId);
      expect(await healthz(node.bedNode)).toContain('200 OK');
    },
  );
});
