import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { watchPods } from '../../../agent/cluster/watch/pods-watch.ts';
import { createTransport } from '../../../agent/cluster/http/transport.ts';
import type { PodsWatch, SeenPod } from '../../../agent/node/ports.ts';
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
} from '../fault-server.ts';

const open = closedAfterEach();

const RUNNING = { phase: 'Running', containerStatuses: [{ name: 'app' }] };
const isBare = ({ hasContainers }: SeenPod): boolean => !hasContainers;

function pod(name: string, said: object, metadata: object = {}): object {
  return {
    metadata: { name, namespace: 'shop', uid: `uid-${name}`, resourceVersion: '7', ...metadata },
    status: said,
  };
}

const modified = (...given: Parameters<typeof pod>): object => ({ type: 'MODIFIED', object: pod(...given) });
const list = (...items: object[]): Handler =>
  json(200, { kind: 'PodList', metadata: { resourceVersion: '6' }, items });

async function watched(...handlers: Handler[]): Promise<{ server: FaultServer; pods: PodsWatch }> {
  const server = await faultServer();
  server.answer(...handlers);
  const transport = createTransport(server.credentials());
  const pods = watchPods({ transport, nodeName: 'n1', random: () => 0.1 });
  open.push(server, transport, { close: () => pods.stop() });
  return { server, pods };
}

describe("a node's pods that are followed", () => {
  it('are listed from the cache, and watched from there on, but for those that have succeeded', async () => {
    const { server, pods } = await watched(list(pod('web', {})), watching([]));

    expect(await pods.found(isBare, 5000)).toHaveLength(1);
    await eventually(() => expect(server.seen).toHaveLength(2));
    expect(server.seen).toMatchObject([{ path: '/api/v1/pods' }, { path: '/api/v1/pods' }]);
    const fieldSelector = 'spec.nodeName=n1,status.phase!=Succeeded';
    const [listed, followed] = server.seen.map(({ query }) => Object.fromEntries(query));
    expect(listed).toEqual({ fieldSelector, resourceVersion: '0' });
    expect(followed).toMatchObject({ fieldSelector, watch: 'true', resourceVersion: '6' });
  });

  it('are found as soon as the API server tells what counts, and told as they are then', async () => {
    const opened = Promise.withResolvers<ServerResponse>();
    const { pods } = await watched(
      list(pod('web', RUNNING), pod('db', RUNNING)),
      watching([], opened.resolve),
    );
    const found = pods.found(isBare, 5000);
    (await opened.promise).write(line(modified('db', { phase: 'Running' })));

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

  // A restarted kubelet tells of containers of pods that the one before it had refused: kubernetes pkg/kubelet/status/status_manager.go.
  it('did not run when they had failed before, whatever containers they are told to have since', async () => {
    const refused = { phase: 'Failed', reason: 'SysctlForbidden' };
    const opened = Promise.withResolvers<ServerResponse>();
    const { pods } = await watched(
      list(pod('web', refused), pod('db', refused)),
      watching([], opened.resolve),
    );
    const response = await opened.promise;
    const told = { ...refused, containerStatuses: [{ name: 'app' }] };
    response.write(line(modified('web', told)));
    response.write(line(modified('web', told)));
    response.write(line(modified('db', told)));

    await pods.found(({ uid, hasContainers }) => uid === 'uid-db' && hasContainers, 5000);
    expect(await pods.found(({ uid }) => uid === 'uid-web', 5000)).toMatchObject([{ hadContainers: false }]);
  });

  it('may have the same name in two namespaces', async () => {
    const other = pod('web', RUNNING, { namespace: 'other', uid: 'uid-other' });
    const { pods } = await watched(list(pod('web', RUNNING), other), watching([]));

    await pods.found(({ uid }) => uid === 'uid-other', 5000);
    expect(await pods.found(() => true, 5000)).toHaveLength(2);
  });

  it('are told whether there were containers once, also across a lost connection', async () => {
    const { server, pods } = await watched(
      list(pod('db', RUNNING), pod('new', {})),
      json(410, status(410, 'Expired', 'too old')),
      list(pod('db', { phase: 'Running' }), pod('new', {})),
      watching([]),
    );

    await eventually(() => expect(server.seen).toHaveLength(4));
    expect(await pods.found(({ uid }) => uid === 'uid-db', 5000)).toMatchObject([
      { hasContainers: false, hadContainers: true },
    ]);
    expect(await pods.found(({ uid }) => uid === 'uid-new', 5000)).toMatchObject([{ hadContainers: false }]);
  });

  it('are told with why they failed, and whether somebody deletes them', async () => {
    const failed = { phase: 'Failed', reason: 'NodeAffinity', containerStatuses: [{ name: 'app' }] };
    const { pods } = await watched(
      list(pod('web', failed, { deletionTimestamp: '2026-11-24T10:00:00Z' })),
      watching([]),
    );

    expect(await pods.found(() => true, 5000)).toMatchObject([
      { phase: 'Failed', reason: 'NodeAffinity', isEnding: true, hasContainers: true },
    ]);
  });

  it('that do not count are none', async () => {
    const { pods } = await watched(list(pod('web', RUNNING)), watching([]));

    expect(await pods.found(isBare, 300)).toEqual([]);
  });

  it('are followed anew when the connection is lost', async () => {
    const { server, pods } = await watched(hangUp, list(pod('web', {})), watching([]));

    expect(await pods.found(isBare, 5000)).toHaveLength(1);
    await eventually(() => expect(server.seen).toHaveLength(3));
  });

  it('are followed without the one that cannot be read, which is named once', async () => {
    const server = await faultServer();
    const nameless = { metadata: { uid: 'uid-odd', resourceVersion: '7' }, status: RUNNING };
    server.answer(
      list(pod('web', RUNNING), nameless),
      watching([{ type: 'MODIFIED', object: nameless }, modified('db', RUNNING)]),
    );
    const transport = createTransport(server.credentials());
    const unreadable: string[] = [];
    const pods = watchPods({ transport, nodeName: 'n1', onUnreadable: (name) => unreadable.push(name) });
    open.push(server, transport, { close: () => pods.stop() });

    await pods.found(({ name }) => name === 'db', 5000);
    expect(await pods.found(() => true, 5000)).toHaveLength(2);
    expect(unreadable).toEqual(['an object with the uid uid-odd']);
  });

  it('are let go of when they are stopped', async () => {
    const { server, pods } = await watched(list(pod('web', RUNNING)), watching([]));
    await eventually(() => expect(server.seen).toHaveLength(2));

    pods.stop();

    // What is left is kept for requests.
    await eventually(() => expect(server.connections.size).toBeLessThanOrEqual(1));
  });
});
