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

function pod(name: string, podStatus: object, metadata: object = {}): object {
  return {
    metadata: { name, namespace: 'shop', uid: `uid-${name}`, resourceVersion: '7', ...metadata },
    status: podStatus,
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

describe('watchPods', () => {
  it("lists the pods that have not succeeded from the API server's cache, then watches them", async () => {
    const { server, pods } = await watched(list(pod('web', {})), watching([]));

    expect(await pods.found(isBare, 5000)).toHaveLength(1);
    await eventually(() => expect(server.seen).toHaveLength(2));
    expect(server.seen).toMatchObject([{ path: '/api/v1/pods' }, { path: '/api/v1/pods' }]);
    const fieldSelector = 'spec.nodeName=n1,status.phase!=Succeeded';
    const [listed, followed] = server.seen.map(({ query }) => Object.fromEntries(query));
    expect(listed).toEqual({ fieldSelector, resourceVersion: '0' });
    expect(followed).toMatchObject({ fieldSelector, watch: 'true', resourceVersion: '6' });
  });

  it('finds a pod as soon as the API server reports a matching state', async () => {
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

  // A restarted kubelet reports containers for pods that its predecessor had refused (kubernetes pkg/kubelet/status/status_manager.go).
  it('does not count a pod as having run when it failed before its containers were reported', async () => {
    const refused = { phase: 'Failed', reason: 'SysctlForbidden' };
    const opened = Promise.withResolvers<ServerResponse>();
    const { pods } = await watched(
      list(pod('web', refused), pod('db', refused)),
      watching([], opened.resolve),
    );
    const response = await opened.promise;
    const reported = { ...refused, containerStatuses: [{ name: 'app' }] };
    response.write(line(modified('web', reported)));
    response.write(line(modified('web', reported)));
    response.write(line(modified('db', reported)));
    response.write(line(modified('end', RUNNING)));

    await pods.found(({ name }) => name === 'end', 5000);
    expect(await pods.found(({ name }) => name !== 'end', 300)).toEqual([]);
  });

  it('distinguishes pods of the same name in two namespaces', async () => {
    const other = pod('web', RUNNING, { namespace: 'other', uid: 'uid-other' });
    const { pods } = await watched(list(pod('web', RUNNING), other), watching([]));

    await pods.found(({ uid }) => uid === 'uid-other', 5000);
    expect(await pods.found(() => true, 5000)).toHaveLength(2);
  });

  it('remembers across a lost connection whether a pod had containers', async () => {
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

  it('reports why a pod failed and whether it is being deleted', async () => {
    const failed = { phase: 'Failed', reason: 'NodeAffinity', containerStatuses: [{ name: 'app' }] };
    const { pods } = await watched(
      list(pod('web', RUNNING)),
      watching([modified('web', failed, { deletionTimestamp: '2026-11-24T10:00:00Z' })]),
    );

    expect(await pods.found(({ phase }) => phase === 'Failed', 5000)).toMatchObject([
      { phase: 'Failed', reason: 'NodeAffinity', isEnding: true, hasContainers: true },
    ]);
  });

  it('forgets a pod that was deleted and that it never saw running before', async () => {
    const gone = { type: 'DELETED', object: pod('web', RUNNING) };
    const { pods } = await watched(list(pod('web', RUNNING)), watching([gone, modified('db', RUNNING)]));

    await pods.found(({ name }) => name === 'db', 5000);
    expect(await pods.found(() => true, 5000)).toHaveLength(1);
  });

  it('finds no pod when none matches in time', async () => {
    const { pods } = await watched(list(pod('web', RUNNING)), watching([]));

    expect(await pods.found(isBare, 300)).toEqual([]);
  });

  it('reconnects when the connection is lost', async () => {
    const { server, pods } = await watched(hangUp, list(pod('web', {})), watching([]));

    expect(await pods.found(isBare, 5000)).toHaveLength(1);
    await eventually(() => expect(server.seen).toHaveLength(3));
  });

  it('skips a pod that cannot be parsed and reports it once', async () => {
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

  it('closes its connection when it is stopped', async () => {
    const { server, pods } = await watched(list(pod('web', RUNNING)), watching([]));
    await eventually(() => expect(server.seen).toHaveLength(2));

    pods.stop();

    // The remaining connection is kept for requests.
    await eventually(() => expect(server.connections.size).toBeLessThanOrEqual(1));
  });
});
