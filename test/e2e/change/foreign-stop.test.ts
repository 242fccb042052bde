// Another program that ends a healthy kubelet while its change is watched, as health checkers on people's nodes do.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { healthz, type KubeletNow } from '../../../scripts/node/kubelet.ts';
import { clearPolicy, setKeys } from '../../../scripts/node/policy.ts';
import { type TestNode, testNode } from '../../../scripts/node/test-node.ts';
import { e2eWorld } from '../support/bed.ts';
import { freshNodes } from '../support/node/fresh.ts';

const CASES = [
  ['n1', 'systemctl kill kubelet'],
  ['n2', 'systemctl kill --signal=KILL kubelet'],
  ['n4', 'systemctl restart kubelet'],
] as const;
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

const before = new Map<string, KubeletNow>();
beforeAll(async () => {
  await freshNodes(CASES.map(([name]) => name));
  const world = await e2eWorld();
  for (const [name, command] of CASES) {
    const node = testNode(world, name);
    before.set(name, await node.kubelet());
    await useChecker(node, command);
  }
  const profiles = CASES.map(([name]) => ({
    name,
    nodeSelector: { 'kubernetes.io/hostname': name },
    allowedUnsafeSysctls: [NAME],
  }));
  await setKeys(world, { nodeSoakSeconds: '10', profiles: JSON.stringify(profiles) });
});
afterAll(async () => {
  const world = await e2eWorld();
  for (const [name] of CASES) await removeChecker(testNode(world, name));
  await clearPolicy(world);
});

async function useChecker(node: TestNode, command: string): Promise<void> {
  await node.write(scriptThatRuns(command), SCRIPT);
  await node.write(UNIT_TEXT, UNIT);
  await node.exec(['systemctl', 'daemon-reload']);
  await node.exec(['systemctl', 'start', CHECKER]);
}

async function removeChecker(node: TestNode): Promise<void> {
  await node.exec(['systemctl', 'stop', CHECKER]);
  await Promise.all([UNIT, SCRIPT, DONE].map((path) => node.remove(path)));
  await node.exec(['systemctl', 'daemon-reload']);
}

describe.concurrent('a kubelet that another program ends while its change is watched', () => {
  it.each(CASES)(
    'on %s keeps the change, its next start is proven, and the program is named (%s)',
    async (name) => {
      const node = testNode(await e2eWorld(), name);
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
      expect(now.invocationId).not.toBe(before.get(name)?.invocationId);
      expect(await healthz(node.bedNode)).toContain('200 OK');
    },
  );
});
