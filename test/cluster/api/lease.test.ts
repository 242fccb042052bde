import { describe, expect, it } from 'vitest';
import { leaseStore } from '../../../agent/cluster/api/lease.ts';
import { createTransport } from '../../../agent/cluster/http/transport.ts';
import { closedAfterEach, faultServer, json, status, type Handler } from '../fault-server.ts';

const open = closedAfterEach();

async function served(...handlers: Handler[]) {
  const server = await faultServer();
  server.answer(...handlers);
  const transport = createTransport(server.credentials());
  open.push(server, transport);
  const store = leaseStore({ transport, namespace: 'agents', name: 'leader', fieldManager: 'me' });
  return { server, store };
}

const record = {
  holder: 'pod_1',
  leaseSeconds: 15,
  acquiredAt: new Date('2026-11-24T10:00:00.001Z'),
  renewedAt: new Date('2026-11-24T10:00:09Z'),
  transitions: 2,
};
const spec = {
  holderIdentity: 'pod_1',
  leaseDurationSeconds: 15,
  acquireTime: '2026-11-24T10:00:00.001000Z',
  renewTime: '2026-11-24T10:00:09.000000Z',
  leaseTransitions: 2,
};
const answer = { metadata: { resourceVersion: '7' }, spec };

describe('the lease', () => {
  it('is read as it was written, with times of six fractional digits', async () => {
    const { server, store } = await served(json(200, answer));
    expect(await store.read()).toEqual({ resourceVersion: '7', record });
    expect(server.seen[0]?.path).toBe('/apis/coordination.k8s.io/v1/namespaces/agents/leases/leader');
  });

  it('is undefined when missing, and expired when its spec is empty', async () => {
    const { store } = await served(
      json(404, status(404, 'NotFound', 'no')),
      json(200, { metadata: { resourceVersion: '1' }, spec: {} }),
    );
    expect(await store.read()).toBeUndefined();
    expect(await store.read()).toMatchObject({ record: { holder: '', leaseSeconds: 0, transitions: 0 } });
  });

  it('is expired when its time cannot be parsed', async () => {
    const odd = { ...answer, spec: { ...spec, renewTime: 'soon' } };
    const { store } = await served(json(200, odd));
    expect(await store.read()).toMatchObject({ record: { ...record, renewedAt: new Date(0) } });
  });

  it('is created, and then written over the version that was seen', async () => {
    const { server, store } = await served(json(201, answer), json(200, answer));
    await store.write({ record, resourceVersion: undefined });
    await store.write({ record, resourceVersion: '7' });
    expect(server.seen).toMatchObject([
      { method: 'POST', path: '/apis/coordination.k8s.io/v1/namespaces/agents/leases' },
      {
        method: 'PATCH',
        path: '/apis/coordination.k8s.io/v1/namespaces/agents/leases/leader',
        headers: { 'content-type': 'application/merge-patch+json' },
      },
    ]);
    expect(server.seen.map(({ body }) => JSON.parse(body))).toMatchObject([
      { metadata: { name: 'leader', namespace: 'agents' }, spec },
      { metadata: { resourceVersion: '7' }, spec },
    ]);
    expect(server.seen[0]?.query.get('fieldManager')).toBe('me');
  });

  it('is not written over the version of another writer', async () => {
    const { store } = await served(json(409, status(409, 'Conflict', 'modified')));
    await expect(store.write({ record, resourceVersion: '7' })).rejects.toMatchObject({
      name: 'ConflictError',
    });
  });
});
