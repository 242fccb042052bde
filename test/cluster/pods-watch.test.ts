import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { watchPods } from '../../agent/cluster/pods-watch.ts';
import { createTransport } from '../../agent/cluster/transport.ts';
import type { PodsWatch, SeenPod } from '../../agent/node/ports.ts';
import {
  closedAfterEach,
  eventually,
  faultServer,
  hangUp,
  line,
  watching,
  type FaultServer,
  type Handler,
} from './fault-server.ts';

const open = closedAfterEach();

const RUNNING = { phase: 'Running', containerStatuses: [{ name: 'app' }] };
const isBare = ({ hasContainers }: SeenPod): boolean => !hasContainers;

function pod(type: string, name: string, status: object, metadata: object = {}): object {
  return {
    type,
    object: {
      metadata: { name, namespace: 'shop', uid: `uid-${name}`, resourceVersion: '7', ...metadata },
      status,
    },
  };
}

async function watched(...handlers: Handler[]): Promise<{ server: FaultServer; pods: PodsWatch }> {
  const server = await faultServer();
  server.answer(...handlers);
  const transport = createTransport(server.credentials());
  const pods = watchPods({ transport, nodeName: 'n1', random: () => 0.1 });
  open.push(server, transport, { close: () => pods.stop() });
  return { server, pods };
}

describe("a node's pods that are followed", () => {
  it('are asked for with one request, of the cache, but for those that have succeeded', async () => {
    const { server, pods } = await watched(watching([pod('ADDED', 'web', {})]));

    expect(await pods.found(isBare, 5000)).toHaveLength(1);
    expect(server.seen).toMatchObject([{ method: 'GET', path: '/api/v1/pods' }]);
    expect(Object.fromEntries(server.seen[0]?.query ?? [])).toEqual({
      fieldSelector: 'spec.nodeName=n1,status.phase!=Succeeded',
      watch: 'true',
      resourceVersion: '0',
      timeoutSeconds: '300',
    });
  });

  it('are found as soon as the API server tells what counts, and told as they are then', async () => {
    const opened = Promise.withResolvers<ServerResponse>();
    const { pods } = await watched(
      watching([pod('ADDED', 'web', RUNNING), pod('ADDED', 'db', RUNNING)], opened.resolve),
    );
    const found = pods.found(isBare, 5000);
    (await opened.promise).write(line(pod('MODIFIED', 'db', { phase: 'Running' })));

    expect(await found).toEqual([
      {
        uid: 'uid-db',
        namespace: 'shop',
        name: 'db',
        isEnding: false,
        phase: 'Running',
        reason: '',
        hasContainers: false,
        hadContainers: true,
      },
    ]);
  });

  it('are told whether there were containers once, also across a lost connection', async () => {
    const lost = [pod('ADDED', 'db', RUNNING), pod('ADDED', 'new', {})];
    const { server, pods } = await watched(
      (response, seen) => {
        watching(lost)(response, seen);
        setTimeout(() => response.destroy(), 50);
      },
      watching([pod('ADDED', 'db', { phase: 'Running' }), pod('ADDED', 'new', {})]),
    );

    await eventually(() => expect(server.seen).toHaveLength(2));
    const found = await pods.found(({ uid, hasContainers }) => uid === 'uid-db' && !hasContainers, 5000);
    expect(found).toMatchObject([{ uid: 'uid-db', hadContainers: true }]);
    expect(await pods.found(({ uid }) => uid === 'uid-new', 5000)).toMatchObject([{ hadContainers: false }]);
  });

  it('are told with why they failed, and whether somebody deletes them', async () => {
    const failed = { phase: 'Failed', reason: 'NodeAffinity', containerStatuses: [{ name: 'app' }] };
    const { pods } = await watched(
      watching([pod('ADDED', 'web', failed, { deletionTimestamp: '2026-11-24T10:00:00Z' })]),
    );

    expect(await pods.found(() => true, 5000)).toMatchObject([
      { phase: 'Failed', reason: 'NodeAffinity', isEnding: true, hasContainers: true },
    ]);
  });

  it('that do not count are none', async () => {
    const { pods } = await watched(watching([pod('ADDED', 'web', RUNNING)]));

    expect(await pods.found(isBare, 300)).toEqual([]);
  });

  it('are followed anew when the connection is lost', async () => {
    const { server, pods } = await watched(hangUp, watching([pod('ADDED', 'web', {})]));

    expect(await pods.found(isBare, 5000)).toHaveLength(1);
    expect(server.seen).toHaveLength(2);
  });

  it('are let go of when they are stopped', async () => {
    const { server, pods } = await watched(watching([pod('ADDED', 'web', RUNNING)]));
    await pods.found(() => true, 5000);

    pods.stop();

    await eventually(() => expect(server.connections.size).toBe(0));
  });
});
