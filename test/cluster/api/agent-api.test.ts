import type { CoreV1Event } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import { createCluster, type WatchedCluster } from '../../../agent/cluster/api/agent-api.ts';
import { createTransport } from '../../../agent/cluster/http/transport.ts';
import type { NodeObject } from '../../../agent/node/ports.ts';
import {
  closedAfterEach,
  eventually,
  faultServer,
  json,
  status,
  watching,
  type FaultServer,
  type Handler,
} from '../fault-server.ts';
import type { ConfigMapObject } from '../../../agent/policy/config-map.ts';
import type { EventDraft } from '../../../agent/report/event-draft.ts';

const open = closedAfterEach();

async function served(...handlers: Handler[]): Promise<{
  server: FaultServer;
  cluster: WatchedCluster;
  clock: { now: Date };
  warnings: [object, string][];
  /** The number of garbage collections. */
  collected: () => number;
}> {
  const server = await faultServer();
  server.answer(...handlers);
  const transport = createTransport(server.credentials());
  const clock = { now: new Date('2026-11-24T10:20:30Z') };
  const warnings: [object, string][] = [];
  let collections = 0;
  const cluster = createCluster({
    transport,
    nodeName: 'n1',
    namespace: 'agents',
    configMapName: 'kubelet-sysctls',
    now: () => clock.now,
    log: { warn: (...entry) => warnings.push(entry) },
    collectGarbage: () => {
      collections += 1;
    },
  });
  open.push(server, transport);
  return { server, cluster, clock, warnings, collected: () => collections };
}

const created = json(201, {});
const exists = json(409, status(409, 'AlreadyExists', 'events "x" already exists'));
const node: NodeObject = { name: 'n1', uid: 'node-uid', labels: {}, annotations: {} };
const configMap: ConfigMapObject = {
  namespace: 'agents',
  name: 'kubelet-sysctls',
  uid: 'map-uid',
  resourceVersion: '7',
  data: {},
};
const note: EventDraft = { type: 'Warning', reason: 'PolicyInvalid', message: 'line 2 is wrong' };

/** Begins a response and closes the connection in the middle of it. */
function breakingOff(text: string): Handler {
  return (response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write(text, () => response.socket?.destroy());
  };
}

/** The Events that were posted, as they were sent. */
function posted(server: FaultServer): CoreV1Event[] {
  return server.seen.filter((seen) => seen.method === 'POST').map((seen) => JSON.parse(seen.body));
}

describe('patchNode', () => {
  it('patches annotations and labels of its own Node and requests only its metadata', async () => {
    const { server, cluster } = await served(json(200, {}));
    await cluster.patchNode({ annotations: { 'a/b': 'c', 'a/d': null }, labels: {} });
    expect(server.seen).toMatchObject([
      {
        method: 'PATCH',
        path: '/api/v1/nodes/n1',
        headers: {
          'content-type': 'application/merge-patch+json',
          accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
        },
      },
    ]);
    expect(server.seen[0]?.query.get('fieldManager')).toBe('kubelet-sysctl-agent');
    expect(JSON.parse(server.seen[0]?.body ?? '')).toEqual({
      metadata: { annotations: { 'a/b': 'c', 'a/d': null } },
    });
  });

  it('rejects with the error of the API server', async () => {
    const { cluster } = await served(json(403, status(403, 'Forbidden', 'not your node')));
    await expect(cluster.patchNode({ annotations: {}, labels: {} })).rejects.toMatchObject({ status: 403 });
  });
});

describe('sysctlPods', () => {
  const metadata = {
    name: 'web',
    namespace: 'shop',
    uid: 'uid-web',
    annotations: { noise: '"sysctls"' },
  };
  const web = {
    metadata,
    spec: {
      securityContext: {
        sysctls: [
          { name: 'kernel.sem', value: '1' },
          { name: 'net/core/x', value: '' },
        ],
      },
    },
    status: { phase: 'Running', startTime: '2026-11-24T10:00:00Z', containerStatuses: [{ name: 'app' }] },
  };
  const seen = {
    uid: 'uid-web',
    namespace: 'shop',
    name: 'web',
    phase: 'Running',
    taken: true,
    hostNetwork: false,
    hostIpc: false,
  };

  it('lists pods without sysctls that require something of their node', async () => {
    const required = {
      nodeSelectorTerms: [
        { matchExpressions: [{ key: 'zone', operator: 'In', values: ['a'] }] },
        { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n1'] }] },
      ],
    };
    const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } };
    const items = [
      { metadata, spec: { nodeSelector: { disk: 'ssd' } }, status: web.status },
      { metadata, spec: { affinity }, status: web.status },
      { metadata: { ...metadata, uid: 'uid-free' }, spec: { affinity: {} }, status: web.status },
    ];
    const { cluster } = await served(json(200, { kind: 'PodList', metadata: {}, items }));

    expect(await cluster.sysctlPods({ latest: false })).toEqual([
      { ...seen, sysctls: [], requirement: { nodeSelector: { disk: 'ssd' }, terms: undefined } },
      {
        ...seen,
        sysctls: [],
        requirement: {
          nodeSelector: {},
          terms: [
            { labels: [{ key: 'zone', operator: 'In', values: ['a'] }], fields: [] },
            { labels: [], fields: [{ key: 'metadata.name', operator: 'In', values: ['n1'] }] },
          ],
        },
      },
    ]);
  });

  it("lists the node's pods that have not ended, from the API server's cache", async () => {
    const { server, cluster } = await served(json(200, { kind: 'PodList', metadata: {}, items: [web] }));
    expect(await cluster.sysctlPods({ latest: false })).toEqual([
      { ...seen, sysctls: ['kernel.sem', 'net/core/x'] },
    ]);
    expect(server.seen[0]).toMatchObject({ method: 'GET', path: '/api/v1/pods' });
    expect(Object.fromEntries(server.seen[0]?.query ?? [])).toEqual({
      fieldSelector: 'spec.nodeName=n1,status.phase!=Succeeded,status.phase!=Failed',
      resourceVersion: '0',
    });
  });

  it("bypasses the API server's cache when the pods must be the latest", async () => {
    const { server, cluster } = await served(json(200, { kind: 'PodList', metadata: {}, items: [] }));
    expect(await cluster.sysctlPods({ latest: true })).toEqual([]);
    expect(server.seen[0]?.query.has('resourceVersion')).toBe(false);
  });

  it('leaves out pods without sysctls and reports the host namespaces of the others', async () => {
    const shares = { ...web, spec: { ...web.spec, hostNetwork: true, hostIPC: true }, status: {} };
    const items = [
      { metadata, spec: { containers: [] } },
      shares,
      { metadata, spec: { securityContext: {} } },
    ];
    const { cluster } = await served(json(200, { kind: 'PodList', metadata: {}, items }));
    expect(await cluster.sysctlPods({ latest: false })).toMatchObject([
      { phase: '', taken: false, hostNetwork: true, hostIpc: true },
    ]);
  });

  it('includes a pod with sysctls whose metadata is incomplete, and the pods after it', async () => {
    const odd = { ...web, metadata: { namespace: 'shop' } };
    const { cluster } = await served(json(200, { kind: 'PodList', metadata: {}, items: [odd, web] }));
    expect(await cluster.sysctlPods({ latest: false })).toMatchObject([
      { uid: '', namespace: 'shop', name: '(no name)', sysctls: ['kernel.sem', 'net/core/x'] },
      seen,
    ]);
  });

  it('finds a pod in a list of many megabytes', async () => {
    const noise = { metadata, spec: { containers: [{ env: [{ value: 'x'.repeat(40_000) }] }] } };
    const items = [...Array.from({ length: 250 }, () => noise), web];
    const { cluster, collected } = await served(json(200, { kind: 'PodList', metadata: {}, items }));
    expect(await cluster.sysctlPods({ latest: false })).toMatchObject([seen]);
    expect(collected()).toBeGreaterThan(20);
  });

  it.each([
    ['refuses the list', json(403, status(403, 'Forbidden', 'no')), { status: 403 }],
    ['answers with another object', json(200, { kind: 'Status' }), { name: 'InvalidResponseError' }],
    [
      'closes the connection in the middle of the list',
      breakingOff('{"kind":"PodList","items":[{"metadata":{'),
      {},
    ],
  ])('rejects when the API server %s', async (_title, answer, error) => {
    const { cluster } = await served(answer);
    await expect(cluster.sysctlPods({ latest: false })).rejects.toMatchObject(error);
  });
});

describe('readiness', () => {
  const metadata = { name: 'n1', uid: 'node-uid' };
  const nodeWith = (conditions: unknown): Handler =>
    json(200, { kind: 'NodeList', metadata: {}, items: [{ metadata, status: { conditions } }] });
  const times = { lastTransitionTime: '2026-11-24T10:00:00Z', lastHeartbeatTime: '2026-11-24T10:05:00Z' };
  const ready = { type: 'Ready', ...times, message: 'kubelet is ready' };
  const seen = {
    since: new Date(times.lastTransitionTime),
    reported: new Date(times.lastHeartbeatTime),
    message: 'kubelet is ready',
  };

  it.each([
    ['True', true],
    ['False', false],
    ['Unknown', false],
  ])('is read from the Ready condition with the status %s', async (state, expected) => {
    const other = { type: 'DiskPressure', status: 'True' };
    const { server, cluster } = await served(nodeWith([other, { ...ready, status: state }]));
    expect(await cluster.readiness()).toEqual({ ...seen, ready: expected });
    expect(server.seen[0]?.query.get('fieldSelector')).toBe('metadata.name=n1');
  });

  it('is undefined while the Node has no Ready condition', async () => {
    const { cluster } = await served(nodeWith(undefined));
    expect(await cluster.readiness()).toBeUndefined();
  });
});

describe('nodeEvent', () => {
  it('posts an Event that kubectl shows with the Node', async () => {
    const { server, cluster } = await served(created);
    await cluster.nodeEvent(node, note);
    expect(server.seen[0]?.path).toBe('/api/v1/namespaces/default/events');
    expect(posted(server)).toEqual([
      {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { namespace: 'default', name: expect.stringMatching(/^n1\.[0-9a-f]{16}$/) },
        involvedObject: { apiVersion: 'v1', kind: 'Node', name: 'n1', uid: 'node-uid' },
        type: 'Warning',
        reason: 'PolicyInvalid',
        message: 'line 2 is wrong',
        source: { component: 'kubelet-sysctl-agent', host: 'n1' },
        reportingComponent: 'kubelet-sysctl-agent',
        reportingInstance: 'n1',
        firstTimestamp: '2026-11-24T10:20:30.000Z',
        lastTimestamp: '2026-11-24T10:20:30.000Z',
        count: 1,
      },
    ]);
  });

  it('posts the same Event again only after an hour, under another name', async () => {
    const { server, cluster, clock } = await served(created);
    await cluster.nodeEvent(node, note);
    await cluster.nodeEvent(node, note);
    await cluster.nodeEvent(node, { ...note, message: 'another' });
    expect(posted(server).length).toBe(2);
    clock.now = new Date(clock.now.getTime() + 3_600_000);
    await cluster.nodeEvent(node, note);
    const names = posted(server).map((event) => event.metadata.name);
    expect(new Set(names).size).toBe(3);
  });

  it('posts an Event again after the first attempt failed', async () => {
    const { server, cluster } = await served(json(500, status(500, 'InternalError', 'no')), created);
    await expect(cluster.nodeEvent(node, note)).rejects.toMatchObject({ status: 500 });
    await cluster.nodeEvent(node, note);
    expect(posted(server).length).toBe(2);
  });

  it('shortens a message to the limit of an Event', async () => {
    const { server, cluster } = await served(created);
    await cluster.nodeEvent(node, { ...note, message: 'ü'.repeat(2000) });
    expect(Buffer.byteLength(posted(server)[0]?.message ?? '')).toBeLessThanOrEqual(1024);
  });

  it('posts at most fifty different Events in an hour', async () => {
    const { server, cluster } = await served(created);
    for (let turn = 0; turn < 60; turn += 1) {
      await cluster.nodeEvent(node, { ...note, message: `turn ${turn}` });
    }
    expect(posted(server).length).toBe(50);
  });
});

it('posts an Event of the Node after many Events of a ConfigMap', async () => {
  const { server, cluster } = await served(created);
  for (let turn = 0; turn < 60; turn += 1) {
    await cluster.configMapEvent({ ...configMap, resourceVersion: String(turn) }, note);
  }
  await cluster.nodeEvent(node, { ...note, message: 'blocked' });
  expect(posted(server).at(-1)?.message).toBe('blocked');
});

describe('configMapEvent', () => {
  it('posts the same Event from every node, so that the API server stores one', async () => {
    const first = await served(created);
    const second = await served(exists);
    second.clock.now = new Date('2026-11-24T10:20:37Z');
    await first.cluster.configMapEvent(configMap, note);
    await second.cluster.configMapEvent(configMap, note);
    expect(first.server.seen[0]?.path).toBe('/api/v1/namespaces/agents/events');
    const [event] = posted(first.server);
    expect(event).toMatchObject({
      involvedObject: { kind: 'ConfigMap', name: 'kubelet-sysctls', namespace: 'agents', uid: 'map-uid' },
      source: { component: 'kubelet-sysctl-agent' },
    });
    expect(JSON.stringify(event)).not.toContain('n1');
    expect(posted(second.server)[0]?.metadata).toEqual(event?.metadata);
  });

  it('posts another Event for another revision or another message', async () => {
    const { server, cluster } = await served(created);
    await cluster.configMapEvent(configMap, note);
    await cluster.configMapEvent({ ...configMap, resourceVersion: '8' }, note);
    await cluster.configMapEvent({ ...configMap, resourceVersion: '8' }, { ...note, message: 'other' });
    await cluster.configMapEvent({ ...configMap, resourceVersion: '8' }, { ...note, message: 'other' });
    expect(new Set(posted(server).map((event) => event.metadata.name)).size).toBe(3);
    expect(posted(server).length).toBe(3);
  });

  it('posts an Event for a missing ConfigMap once an hour', async () => {
    const { server, cluster, clock } = await served(created);
    await cluster.configMapEvent(undefined, note);
    clock.now = new Date('2026-11-24T10:59:00Z');
    await cluster.configMapEvent(undefined, note);
    expect(posted(server)).toMatchObject([
      { involvedObject: { kind: 'ConfigMap', namespace: 'agents', name: 'kubelet-sysctls' } },
    ]);
    clock.now = new Date('2026-11-24T11:20:30Z');
    await cluster.configMapEvent(undefined, note);
    expect(new Set(posted(server).map((event) => event.metadata.name)).size).toBe(2);
  });

  it('rejects when the Event could not be posted', async () => {
    const { cluster } = await served(json(409, status(409, 'Conflict', 'being terminated')));
    await expect(cluster.configMapEvent(configMap, note)).rejects.toMatchObject({ reason: 'Conflict' });
  });
});

describe('watching', () => {
  const metadata = {
    name: 'n1',
    uid: 'node-uid',
    resourceVersion: '5',
    labels: { disk: 'ssd' },
    annotations: { a: 'b' },
  };

  const whole = (version: string, heartbeat: string): object => ({
    metadata: { ...metadata, resourceVersion: version },
    status: { conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: heartbeat }] },
  });

  it('reports the metadata of its own Node, and knows the readiness without a request', async () => {
    const { server, cluster } = await served(
      json(200, {
        metadata: { resourceVersion: '5' },
        items: [whole('5', '2026-11-24T10:00:00Z')],
      }),
      watching([{ type: 'MODIFIED', object: whole('6', '2026-11-24T10:05:00Z') }]),
    );
    const seen: unknown[] = [];
    expect(cluster.seenReadiness()).toBeUndefined();
    open.push({ close: () => watch.stop() });
    const watch = cluster.watchNode((object) => seen.push(object));
    await eventually(() => expect(seen.length).toBe(2));
    const ownNode = { name: 'n1', uid: 'node-uid', labels: { disk: 'ssd' }, annotations: { a: 'b' } };
    expect(seen).toEqual([ownNode, ownNode]);
    expect(cluster.seenReadiness()).toMatchObject({
      ready: true,
      reported: new Date('2026-11-24T10:05:00Z'),
    });
    expect(server.seen.map(({ path }) => path)).toEqual(['/api/v1/nodes', '/api/v1/nodes']);
  });

  it('logs a callback that throws as an internal error with its stack, and continues', async () => {
    const { server, cluster, warnings } = await served(
      json(200, { metadata: { resourceVersion: '5' }, items: [whole('5', '2026-11-24T10:00:00Z')] }),
      watching([
        { type: 'MODIFIED', object: { metadata: { ...metadata, uid: '' } } },
        { type: 'MODIFIED', object: whole('6', '2026-11-24T10:05:00Z') },
      ]),
    );
    const bug = new TypeError('a bug');
    let calls = 0;
    const watch = cluster.watchNode(() => {
      calls += 1;
      if (calls === 1) throw bug;
    });
    open.push({ close: () => watch.stop() });
    await eventually(() => expect(calls).toBe(2));
    expect(warnings).toMatchObject([
      [{ err: bug }, expect.stringMatching(/^Internal error: /u)],
      [
        { object: 'n1', err: { name: 'InvalidResponseError' } },
        expect.stringContaining('n1 could not be read'),
      ],
    ]);
    expect(server.seen.length).toBe(2);
  });

  it('reports the ConfigMap with its data, and undefined while there is none', async () => {
    const mapMetadata = { namespace: 'agents', name: 'kubelet-sysctls', uid: 'u', resourceVersion: '9' };
    const { server, cluster } = await served(
      json(200, { metadata: { resourceVersion: '8' }, items: [] }),
      watching([{ type: 'ADDED', object: { metadata: mapMetadata, data: { mode: 'Observe' } } }]),
    );
    const seen: unknown[] = [];
    open.push({ close: () => watch.stop() });
    const watch = cluster.watchConfigMap((object) => seen.push(object));
    await eventually(() => expect(seen.length).toBe(2));
    expect(seen).toEqual([undefined, { ...mapMetadata, data: { mode: 'Observe' } }]);
    expect(server.seen[0]?.path).toBe('/api/v1/namespaces/agents/configmaps');
    expect(server.seen[0]?.query.get('fieldSelector')).toBe('metadata.name=kubelet-sysctls');
  });
});
