import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { watchLease } from '../../agent/cluster/lease-watch.ts';
import { createTransport } from '../../agent/cluster/transport.ts';
import type { LeaseWatch } from '../../agent/node/ports.ts';
import {
  closedAfterEach,
  eventually,
  faultServer,
  hangUp,
  json,
  line,
  status,
  watching,
  type FaultServer,
  type Handler,
} from './fault-server.ts';

const open = closedAfterEach();

const OLD = '2026-11-24T10:00:00.000000Z';
const NEW = '2026-11-24T10:00:10.123456Z';
const isNew = (renewTime: Date): boolean => renewTime > new Date(OLD);

function lease(type: string, renewTime: string | undefined): object {
  return { type, object: { metadata: { name: 'n1', resourceVersion: '7' }, spec: { renewTime } } };
}

async function watched(...handlers: Handler[]): Promise<{ server: FaultServer; lease: LeaseWatch }> {
  const server = await faultServer();
  server.answer(...handlers);
  const transport = createTransport(server.credentials());
  const followed = watchLease({ transport, nodeName: 'n1', random: () => 0.1 });
  open.push(server, transport, { close: () => followed.stop() });
  return { server, lease: followed };
}

describe('a lease that is followed', () => {
  it('is asked for with one request, of the cache, and that on a connection of its own', async () => {
    const { server, lease: followed } = await watched(watching([lease('ADDED', NEW)]));

    expect(await followed.renewed(isNew, 5000)).toBe(true);
    expect(server.seen).toMatchObject([
      { method: 'GET', path: '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases' },
    ]);
    expect(Object.fromEntries(server.seen[0]?.query ?? [])).toEqual({
      fieldSelector: 'metadata.name=n1',
      watch: 'true',
      resourceVersion: '0',
      timeoutSeconds: '300',
    });
  });

  it('is renewed as soon as the API server says so', async () => {
    const opened = Promise.withResolvers<ServerResponse>();
    const { lease: followed } = await watched(watching([lease('ADDED', OLD)], opened.resolve));
    await eventually(() => expect(followed.isFollowed()).toBe(true));
    const seen: Date[] = [];
    const renewed = followed.renewed((renewTime) => {
      seen.push(renewTime);
      return isNew(renewTime);
    }, 5000);
    (await opened.promise).write(line(lease('MODIFIED', NEW)));

    expect(await renewed).toBe(true);
    expect(seen.at(-1)).toEqual(new Date('2026-11-24T10:00:10.123Z'));
  });

  it('that was renewed before anybody asked is renewed', async () => {
    const { lease: followed } = await watched(watching([lease('ADDED', OLD), lease('MODIFIED', NEW)]));
    expect(await followed.renewed(isNew, 5000)).toBe(true);

    expect(await followed.renewed(isNew, 0)).toBe(true);
  });

  it.each([
    ['stays old', watching([lease('ADDED', OLD)])],
    ['is not there', watching([])],
    ['was never renewed', watching([lease('ADDED', undefined)])],
  ])('that %s is not renewed, and is followed', async (_title, handler) => {
    const { lease: followed } = await watched(handler);

    expect(await followed.renewed(isNew, 1500)).toBe(false);
    expect(followed.isFollowed()).toBe(true);
  });

  it.each([
    ['refuses', json(403, status(403, 'Forbidden', 'no'))],
    ['hangs up', hangUp],
    ['says at once that it ended', watching([{ type: 'ERROR', object: status(410, 'Expired', 'too old') }])],
  ])('is not followed where an API server %s', async (_title, handler) => {
    const { lease: followed } = await watched(handler);

    expect(await followed.renewed(isNew, 1500)).toBe(false);
    expect(followed.isFollowed()).toBe(false);
  });

  it.each([
    ['refuses', json(500, status(500, 'InternalError', 'no'))],
    ['hangs up', hangUp],
    ['ends the watch', watching([lease('ADDED', OLD)], (response) => response.end())],
    ['says that it ended', watching([{ type: 'ERROR', object: status(410, 'Expired', 'too old') }])],
    ['tells a time that is none', watching([lease('ADDED', 'soon')])],
    ['tells no event', watching([{ type: 'NEWS' }])],
  ])('is followed anew when the API server %s', async (_title, handler) => {
    const { server, lease: followed } = await watched(handler, watching([lease('ADDED', NEW)]));

    expect(await followed.renewed(isNew, 5000)).toBe(true);
    expect(server.seen).toHaveLength(2);
  });

  it('is let go of when it is stopped', async () => {
    const { server, lease: followed } = await watched(watching([lease('ADDED', OLD)]));
    await eventually(() => expect(server.connections.size).toBe(1));
    await eventually(() => expect(followed.isFollowed()).toBe(true));

    followed.stop();

    await eventually(() => expect(server.connections.size).toBe(0));
    expect(server.seen).toHaveLength(1);
  });
});
