// Changes that fail, or are not made. Most of a case waits, so each node has its cases one after the other, beside the others.

import { describe, expect, it } from 'vitest';
import { nodeEvents } from '../support/cluster/events.ts';
import { freshNode } from '../support/node/fresh.ts';
import { awaitHealthy } from '../support/node/healthy.ts';
import { nodePool } from '../support/node/node-pool.ts';
import { healthz } from '../../../scripts/node/kubelet.ts';
import { useDropIn, useWrapper } from '../../../scripts/node/kubelet-unit.ts';
import type { TestNode } from '../../../scripts/node/test-node.ts';

const GOOD = 'net.core.somaxconn';
const BAD = 'net.core.wmem_max';
const FAULT = '/run/e2e-fault';
/** The first backoff after a failed change is 30 s. */
const RETRIED_WITHIN_MS = 60_000;

/** The real kubelet with an unknown flag, while both the fault and the bad name exist. */
const FAULTY_KUBELET = `#!/bin/sh
case "$*" in
  *${BAD}*) if [ -e ${FAULT} ]; then exec /usr/bin/kubelet "$@" --no-such-flag; fi ;;
esac
exec /usr/bin/kubelet "$@"
`;

/** The real kubelet with a wrong API server address, while its arguments contain the bad name. */
const SILENT_KUBELET = `#!/bin/sh
case "$*" in
  *${BAD}*)
    sed 's|server: .*|server: https://127.0.0.1:9|' /etc/kubernetes/kubelet.conf > /run/e2e-silent.conf
    exec /usr/bin/kubelet "$@" --kubeconfig=/run/e2e-silent.conf ;;
esac
exec /usr/bin/kubelet "$@"
`;
/** The soak, and 45 s for the kubelet to report. */
const SILENT_FOR_MS = 75_000;

const WRAPPER_BROKE = '/run/e2e-broke';
const WRAPPER_FIXED = '/run/e2e-fixed';

/** The real kubelet until its arguments contain a sysctl; from then on it rejects all flags, until the fault is fixed. */
const BREAKING_KUBELET = `#!/bin/sh
case "$*" in
  *allowed-unsafe-sysctls=*) [ -e ${WRAPPER_FIXED} ] || touch ${WRAPPER_BROKE} ;;
esac
if [ -e ${WRAPPER_BROKE} ]; then exec /usr/bin/kubelet "$@" --no-such-flag; fi
exec /usr/bin/kubelet "$@"
`;

const turns = { n1: nodePool(['n1']), n2: nodePool(['n2']), n3: nodePool(['n3']), n4: nodePool(['n4']) };

/** A case on a fresh node, which waits for the end of an earlier case there. */
function on(name: keyof typeof turns, work: (node: TestNode) => Promise<void>): () => Promise<void> {
  return () => turns[name].use(async () => work(await freshNode(name)));
}

describe.concurrent('a change', () => {
  it(
    "is rolled back to the exact bytes, reported with the kubelet's log line, and retried when the cause is gone",
    on('n1', async (node) => {
      await node.write('', FAULT);
      await useWrapper(node, FAULTY_KUBELET);
      await node.setList([GOOD]);
      const { appliedRevision } = await node.awaitDone([GOOD]);
      const before = await node.text();

      await node.setList([GOOD, BAD]);
      const report = await degraded(node);

      expect(report.reason).toContain('unknown flag: --no-such-flag');
      expect(report.reason).toMatch(/rolled back.*Next try at/u);
      expect(report).toMatchObject({ appliedRevision, stateLabel: 'Degraded', desired: `${GOOD},${BAD}` });
      expect(report.drift).toBe(`missing: ${BAD}`);
      expect(await node.text()).toBe(before);
      const { activeState, argv, invocationId } = await node.kubelet();
      expect([activeState, argv.at(-1)]).toEqual(['active', `--allowed-unsafe-sysctls=${GOOD}`]);
      expect(await healthz(node.bedNode)).toContain('200 OK');
      expect((await nodeEvents(node, 'NodeDegraded')).join('\n')).toContain('--no-such-flag');

      await node.remove(FAULT);
      expect((await node.kubelet()).invocationId).toBe(invocationId);
      await node.awaitReport(
        { what: 'retry and be Done', timeoutMs: RETRIED_WITHIN_MS },
        ({ state, running }) => state === 'Done' && running === `${GOOD},${BAD}`,
      );
      expect((await node.kubelet()).argv.at(-1)).toBe(`--allowed-unsafe-sysctls=${GOOD},${BAD}`);
    }),
  );

  it(
    'is rolled back when the kubelet is healthy but does not report its node',
    on('n4', async (node) => {
      await useWrapper(node, SILENT_KUBELET);
      await node.setList([GOOD]);
      await node.awaitDone([GOOD]);
      const before = await node.text();

      await node.setList([GOOD, BAD]);
      const report = await node.awaitReport(
        { what: 'be Degraded', timeoutMs: SILENT_FOR_MS },
        ({ state }) => state === 'Degraded',
      );

      expect(report.reason).toContain('the kubelet did not report its node to the API server within 45 s');
      expect(report.reason).toMatch(/rolled back.*Next try at/u);
      expect(await node.text()).toBe(before);
      expect((await node.kubelet()).argv.at(-1)).toBe(`--allowed-unsafe-sysctls=${GOOD}`);
    }),
  );

  it(
    'reports what to do on the node when the rollback leaves no healthy kubelet, and continues when that is done',
    on('n3', async (node) => {
      for (const marker of [WRAPPER_BROKE, WRAPPER_FIXED]) await node.remove(marker);
      await useWrapper(node, BREAKING_KUBELET);
      const before = await node.text();

      await node.setList([GOOD]);
      const report = await degraded(node);

      expect(report.reason).toContain('could not be rolled back to a healthy kubelet');
      expect(report.reason).toContain('unknown flag: --no-such-flag');
      expect(report.reason).toContain(`${node.environmentFile} no longer holds the change`);
      expect(report.reason).toContain('systemctl restart kubelet.service');
      expect(await node.text()).toBe(before);

      await node.remove(WRAPPER_BROKE);
      await node.write('', WRAPPER_FIXED);
      await node.restartKubelet();
      await node.awaitReport(
        { what: 'be Done after all', timeoutMs: RETRIED_WITHIN_MS },
        ({ state, running }) => state === 'Done' && running === GOOD,
      );
    }),
  );

  it(
    'is reported with the log line of a kubelet that exits before journald has read it',
    on('n2', async (node) => {
      await node.write('', FAULT);
      await useWrapper(node, FAULTY_KUBELET);
      const journald = (signal: string) =>
        node.exec(['systemctl', 'kill', `--signal=${signal}`, 'systemd-journald.service']);

      await journald('STOP');
      try {
        await node.setList([BAD]);
        await node.waitFor({ what: 'have a kubelet that has ended' }, async () =>
          (await node.kubelet()).activeState === 'activating' ? true : undefined,
        );
      } finally {
        await journald('CONT');
      }

      expect((await degraded(node)).reason).toContain('unknown flag: --no-such-flag');
    }),
  );

  it(
    'is rolled back to no file, and abandoned at once when the policy drops its name',
    on('n1', async (node) => {
      await useDropIn(
        node,
        `[Service]\nExecStartPre=/bin/sh -c '! grep -qs ${BAD} ${node.environmentFile}'\n`,
      );

      await node.setList([GOOD, BAD]);
      const { reason } = await degraded(node);
      expect(await node.text()).toBeUndefined();
      expect(reason).toMatch(/rolled back.*Next try at/u);
      expect(await healthz(node.bedNode)).toContain('200 OK');

      await node.setList([GOOD]);
      await node.awaitDone([GOOD]);
      expect((await node.kubelet()).argv.at(-1)).toBe(`--allowed-unsafe-sysctls=${GOOD}`);
    }),
  );

  it(
    'is not started on a stopped kubelet, which stays stopped until the user starts it',
    on('n2', async (node) => {
      const before = await node.text();
      // A kubelet that is stopped while it starts has failed.
      await awaitHealthy(node);
      await node.exec(['systemctl', 'stop', 'kubelet']);

      await node.setList([GOOD]);
      const report = await node.awaitReport({ what: 'be Blocked' }, ({ state }) => state === 'Blocked');
      expect(report.reason).toMatch(/kubelet\.service is inactive/u);
      expect(await node.text()).toBe(before);
      expect((await node.kubelet()).activeState).toBe('inactive');

      await node.exec(['systemctl', 'start', 'kubelet']);
      await node.awaitDone([GOOD]);
      expect((await node.kubelet()).argv.at(-1)).toBe(`--allowed-unsafe-sysctls=${GOOD}`);
    }),
  );

  it(
    'is not started on a masked kubelet whose old process runs, until the user unmasks it',
    on('n3', async (node) => {
      const before = await node.text();
      const { invocationId } = await node.kubelet();
      try {
        await node.exec(['systemctl', 'mask', 'kubelet']);

        await node.setList([GOOD]);
        const report = await node.awaitReport({ what: 'be Blocked' }, ({ state }) => state === 'Blocked');
        expect(report.reason).toMatch(
          /^kubelet\.service is masked\. The agent changes nothing until .* Its old process still runs/u,
        );
        expect(await node.text()).toBe(before);
        expect((await node.kubelet()).invocationId).toBe(invocationId);
      } finally {
        await node.exec(['systemctl', 'unmask', 'kubelet']);
      }

      await node.awaitDone([GOOD]);
      expect((await node.kubelet()).argv.at(-1)).toBe(`--allowed-unsafe-sysctls=${GOOD}`);
    }),
  );
});

async function degraded(node: TestNode): Promise<Awaited<ReturnType<TestNode['report']>>> {
  return node.awaitReport({ what: 'be Degraded' }, ({ state }) => state === 'Degraded');
}
