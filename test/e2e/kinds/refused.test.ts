// Nodes whose list belongs elsewhere: the agent says where, and neither writes nor runs anything.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import type { NodeKind } from '../../../scripts/bed/kinds/kind.ts';
import { KINDS, REFUSED_KINDS } from '../../../scripts/bed/kinds/kinds.ts';
import { WRAPPER_RUNS } from '../../../scripts/bed/kinds/other-installers.ts';
import { setKeys } from '../../../scripts/node/policy.ts';
import type { TestNode } from '../../../scripts/node/test-node.ts';
import { freshNodes, nodeOfKind } from '../support/node/fresh.ts';
import { nodePool } from '../support/node/node-pool.ts';

const NAME = 'net.core.somaxconn';
/** Longer than a change takes to begin. */
const LONG_ENOUGH_MS = 2000;
const MARK = '/run/bed-mark';
/** What the kubelet, containerd and the agent's state write all the time. */
const NOT_SEARCHED = ['/proc', '/sys', '/dev', '/run', '/tmp', '/var/lib', '/var/log'];
const STATE_FOLDER = '/var/lib/kubelet-sysctl-agent';

const NAMES = ['n1', 'n2', 'n4', 'n5'];
const pool = nodePool(NAMES);

/** Other files expect the nodes as the bed made them. */
afterAll(async () => void (await freshNodes(NAMES)));

describe.concurrent('nothing is written or run, and the reason names the setting to use, on a node of the kind', () => {
  it.each(REFUSED_KINDS)('$title', (kind) =>
    pool.use(async (name) => {
      const node = await nodeOfKind(name, kind);
      await node.exec(['touch', MARK]);
      const before = await traces(node, kind);

      await node.setList([NAME]);
      const { stateLabel } = await node.awaitReport(
        { what: `be Unreconcilable, and name ${kind.setting.join(' and ')}`, timeoutMs: 15_000 },
        (report) =>
          report.state === 'Unreconcilable' && kind.setting.every((words) => report.reason?.includes(words)),
      );
      await sleep(LONG_ENOUGH_MS);

      expect(stateLabel).toBe('Unreconcilable');
      expect(await traces(node, kind)).toEqual(before);
      expect(await writtenSinceMark(node)).toBe('');
    }),
  );
});

describe('without openShiftConfigDir', () => {
  it('a node of OpenShift is left alone, and the reason names the key', async () => {
    const node = await nodeOfKind('n1', KINDS.OPENSHIFT);
    await node.exec(['touch', MARK]);
    const before = await traces(node, KINDS.OPENSHIFT);

    await setKeys(node.world, { openShiftConfigDir: undefined, allowedUnsafeSysctls: NAME });
    await node.awaitReport(
      { what: 'be Unreconcilable, and name openShiftConfigDir', timeoutMs: 15_000 },
      ({ state, reason }) => state === 'Unreconcilable' && reason?.includes('openShiftConfigDir') === true,
    );
    await sleep(LONG_ENOUGH_MS);

    expect(await traces(node, KINDS.OPENSHIFT)).toEqual(before);
    expect(await writtenSinceMark(node)).toBe('');
  });
});

/** This start of the unit, and every run of a stand-in for a vendor's program. */
async function traces(node: TestNode, { unit }: NodeKind): Promise<readonly string[]> {
  const shown = await node.exec(['systemctl', 'show', '--property=InvocationID,NRestarts', unit]);
  return [shown.stdout, (await node.text(WRAPPER_RUNS)) ?? ''];
}

/** Files that were written after the mark, except the agent's state. */
async function writtenSinceMark(node: TestNode): Promise<string> {
  const elsewhere = `find / \\( -path ${NOT_SEARCHED.join(' -o -path ')} \\) -prune -o -type f -newer ${MARK} -print`;
  const own = `find ${STATE_FOLDER} -type f -newer ${MARK} ! -name state.json`;
  return (await node.exec(['sh', '-c', `${elsewhere}; ${own}`])).stdout;
}
