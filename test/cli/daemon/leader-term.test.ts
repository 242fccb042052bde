import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { beginTerm, type Term } from '../../../agent/cli/daemon/leader-term.ts';
import { createFleet } from '../../../agent/cluster/api/coordinator-api.ts';
import { createTransport } from '../../../agent/cluster/http/transport.ts';
import { systemClock } from '../../../agent/host/clock.ts';
import {
  closedAfterEach,
  eventually,
  faultServer,
  json,
  status,
  watching,
  type FaultServer,
  type Handler,
  type Seen,
} from '../../cluster/fault-server.ts';
import { decision } from '../../rollout/decisions.ts';

const open = closedAfterEach();

const REVISION = 'aaaaaaaaaa';
const NODES = ['n1', 'n2', 'n3'].map((name) => ({ metadata: { name, uid: name, resourceVersion: '5' } }));
const POLICY = {
  metadata: { namespace: 'agents', name: 'kubelet-sysctls', uid: 'u', resourceVersion: '4' },
  data: { allowedUnsafeSysctls: 'net.core.somaxconn' },
};
const listOf = (items: object[]): Handler =>
  json(200, { kind: 'List', metadata: { resourceVersion: '5' }, items });

/** An API server with three Nodes and a policy; `onPatch` answers the writes of Nodes. */
async function api(onPatch: Handler): Promise<FaultServer> {
  const server = await faultServer();
  const handlerOf = (seen: Seen): Handler => {
    if (seen.query.get('watch') === 'true') return watching([]);
    if (seen.path === '/api/v1/nodes') return listOf(NODES);
    if (seen.path.startsWith('/api/v1/nodes/')) return onPatch;
    if (seen.method !== 'GET') return json(201, POLICY);
    return seen.path.endsWith('/configmaps') ? listOf([POLICY]) : json(404, status(404, 'NotFound', 'no'));
  };
  server.answer((response, seen) => handlerOf(seen)(response, seen));
  open.push(server);
  return server;
}

function begin(server: FaultServer): Term {
  const transport = createTransport(server.credentials(), { maxConnections: 20 });
  const fleet = createFleet({ transport, namespace: 'agents', configMapName: 'kubelet-sysctls' });
  const term = beginTerm(
    fleet,
    {
      clock: systemClock,
      log: { info: () => undefined, warn: () => undefined },
      isLeading: () => true,
      decide: (nodes) => {
        const waiting = nodes.filter(({ approvedRevision }) => approvedRevision === undefined);
        return decision({ approvals: waiting.map(({ name }) => ({ node: name, revision: REVISION })) });
      },
    },
    { namespace: 'agents', name: 'kubelet-sysctls' },
  );
  open.push(transport, { close: () => term.end() });
  return term;
}

const patches = (server: FaultServer): string[] =>
  server.seen
    .filter(({ method, path }) => method === 'PATCH' && path.includes('/nodes/'))
    .map(({ path }) => path);

describe('a leader term', () => {
  it('lists the Nodes, approves them, and writes an Event and the status', async () => {
    const server = await api(json(200, { metadata: { resourceVersion: '6' } }));
    begin(server);
    await eventually(() => expect(server.seen.some(({ path }) => path.endsWith('/events'))).toBe(true));
    await eventually(() =>
      expect(server.seen.some(({ method, body }) => method === 'POST' && body.includes('status.json'))).toBe(
        true,
      ),
    );
    expect(patches(server).toSorted()).toEqual(['/api/v1/nodes/n1', '/api/v1/nodes/n2', '/api/v1/nodes/n3']);
  });

  it('starts no write after its end, and waits for the writes under way', async () => {
    const held = Promise.withResolvers<undefined>();
    const answer = async (...given: Parameters<Handler>): Promise<void> => {
      await held.promise;
      json(200, { metadata: { resourceVersion: '6' } })(...given);
    };
    const server = await api((...given) => void answer(...given));
    const term = begin(server);
    await eventually(() => expect(patches(server).length).toBe(3));
    let ended = false;
    const ending = (async () => {
      await term.end();
      ended = true;
    })();
    await sleep(50);
    expect(ended).toBe(false);
    held.resolve(undefined);
    await ending;
    const seen = server.seen.length;
    await sleep(200);
    expect(server.seen.length).toBe(seen);
    expect(server.seen.filter(({ method }) => method === 'POST')).toEqual([]);
  });
});
