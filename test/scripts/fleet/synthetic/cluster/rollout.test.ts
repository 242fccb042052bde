import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { beginTerm } from '../../../../../agent/cli/daemon/leader-term.ts';
import { createFleet } from '../../../../../agent/cluster/api/coordinator-api.ts';
import { createTransport, type Transport } from '../../../../../agent/cluster/http/transport.ts';
import { systemClock } from '../../../../../agent/host/clock.ts';
import { CONFIG_MAP, COORDINATOR, NAMESPACE } from '../../../../../agent/names.ts';
import { decideRollout } from '../../../../../agent/rollout/decide.ts';
import {
  syntheticCluster,
  type SyntheticCluster,
} from '../../../../../scripts/fleet/synthetic/cluster/cluster.ts';
import { dataOf, textsIn } from '../../../../../scripts/fleet/policy.ts';
import { BASE, CHANGED, policyOf } from '../../../../../scripts/fleet/lists.ts';
import { until } from '../../../../../scripts/bed/util/until.ts';

const NODES = 300;
const SLOTS = 60;
const TIMING = { restartMs: 20, reportAfterMs: 5, heartbeatMs: 60_000 };
const PACE = { nodeSoakSeconds: 0, rollout: 'Coordinated', maxUnavailable: '20%' } as const;

describe('a synthetic cluster with the coordinator', () => {
  test('300 nodes get an edited list, 60 at a time, although the watch expires and the leader changes meanwhile', async () => {
    using cluster = syntheticCluster({
      nodes: NODES,
      data: textsIn(policyOf({ allowances: BASE, ...PACE })),
      timing: TIMING,
    });
    cluster.server.listen(0, '127.0.0.1');
    await once(cluster.server, 'listening');
    const { port }: AddressInfo = addressOf(cluster.server.address());
    const transport = transportTo(port);
    const second = transportTo(port);

    const term = coordinate(transport);
    await edit(transport);
    await reached(cluster, NODES / 3);
    cluster.expireNodes();
    await reached(cluster, (NODES * 2) / 3);
    await term.end();
    const other = coordinate(second);
    await reached(cluster, NODES);
    await other.end();

    const { approvals, mostAtATime, requests, listsAt } = cluster.facts();
    expect(approvals).toBe(NODES);
    expect(mostAtATime).toBeLessThanOrEqual(SLOTS);
    // The first, the one after the expiry, and the second leader's.
    expect(listsAt).toHaveLength(3);
    expect(requests['patch nodes']).toBeLessThan(NODES * 1.1);
    for (const each of [transport, second]) each.close();
    cluster.server.closeAllConnections();
    cluster.server.close();
  }, 30_000);
});

function coordinate(transport: Transport) {
  const log = { info: () => {}, warn: () => {} };
  const fleet = createFleet({ transport, namespace: NAMESPACE, configMapName: CONFIG_MAP });
  const ports = {
    clock: systemClock,
    log,
    decide: decideRollout,
    isLeading: () => true,
  };
  return beginTerm(fleet, ports, { namespace: NAMESPACE, name: CONFIG_MAP });
}

function transportTo(port: number): Transport {
  const credentials = {
    server: new URL(`http://127.0.0.1:${port}`),
    namespace: NAMESPACE,
    token: () => Promise.resolve(undefined),
    ca: () => Promise.resolve(undefined),
  };
  return createTransport(credentials, { userAgent: COORDINATOR, maxConnections: 20 });
}

async function edit(transport: Transport): Promise<void> {
  const path = `/api/v1/namespaces/${NAMESPACE}/configmaps/${CONFIG_MAP}`;
  const contentType = 'application/merge-patch+json';
  const data = dataOf(policyOf({ allowances: CHANGED, ...PACE }));
  await transport.request({ method: 'PATCH', path, contentType, body: { data } });
}

async function reached(cluster: SyntheticCluster, done: number): Promise<void> {
  if (!(await until(() => cluster.facts().done >= done, { timeoutMs: 10_000, everyMs: 5 })))
    throw new Error(`Expected ${done} nodes to be Done, got ${JSON.stringify(cluster.facts())}.`);
}

function addressOf(address: string | AddressInfo | null): AddressInfo {
  if (address === null || typeof address === 'string') throw new Error('Expected a port.');
  return address;
}
