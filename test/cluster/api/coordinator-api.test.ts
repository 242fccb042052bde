import { describe, expect, it } from 'vitest';
import { parseFleetNode } from '../../../agent/cluster/objects/fleet-node.ts';
import { createFleet } from '../../../agent/cluster/api/coordinator-api.ts';
import { createTransport } from '../../../agent/cluster/http/transport.ts';
import {
  closedAfterEach,
  eventually,
  faultServer,
  json,
  status,
  watching,
  type Handler,
} from '../fault-server.ts';

const open = closedAfterEach();

async function served(...handlers: Handler[]) {
  const server = await faultServer();
  server.answer(...handlers);
  const transport = createTransport(server.credentials());
  open.push(server, transport);
  const fleet = createFleet({
    transport,
    namespace: 'agents',
    configMapName: 'kubelet-sysctls',
    now: () => new Date('2026-11-24T10:20:30Z'),
    random: () => 0,
  });
  return { server, fleet };
}

const PREFIX = 'kubelet-sysctl-agent/';
const approvedField = { 'f:metadata': { 'f:annotations': { [`f:${PREFIX}approved-revision`]: {} } } };
const managedFields = [
  { manager: 'kubelet', time: '2026-11-24T11:00:00Z', fieldsV1: approvedField },
  { manager: 'kubelet-sysctl-coordinator', time: '2026-11-24T10:00:00Z', fieldsV1: approvedField },
  { manager: 'kubelet-sysctl-coordinator', time: '2026-11-24T12:00:00Z', fieldsV1: { 'f:spec': {} } },
];
const otherTaint = { key: 'other', effect: 'NoExecute' };
const ourTaint = { key: `${PREFIX}pending`, effect: 'NoSchedule', value: 'x' };
const NODE = {
  metadata: {
    name: 'n1',
    uid: 'u',
    resourceVersion: '5',
    labels: { pool: 'db' },
    annotations: {
      [`${PREFIX}state`]: 'Pending',
      [`${PREFIX}reason`]: 'Waits.',
      [`${PREFIX}reason-code`]: 'RollbackIncomplete',
      [`${PREFIX}desired-revision`]: 'aaaaaaaaaa',
      [`${PREFIX}applied-revision`]: 'bbbbbbbbbb',
      [`${PREFIX}approved-revision`]: 'cccccccccc',
      [`${PREFIX}failed-revision`]: 'dddddddddd',
      [`${PREFIX}drift`]: 'missing: net.a; pending restart: +net.b',
      [`${PREFIX}last-change`]: '2026-11-24T09:00:00Z',
      [`${PREFIX}history`]: '[]',
      [`${PREFIX}paused`]: 'true',
    },
    managedFields,
  },
  spec: { taints: [otherTaint, ourTaint] },
  status: {
    nodeInfo: { kubeletVersion: 'v1.37.2', kernelVersion: '6.12.0' },
    conditions: [
      { type: 'Ready', status: 'True', lastTransitionTime: '2026-11-24T08:00:00Z', message: 'well' },
    ],
    images: [{ names: ['x'], sizeBytes: 1 }],
  },
};
const SEEN = parseFleetNode(NODE);

describe('parseFleetNode', () => {
  it('reads only the fields that a rollout needs', () => {
    expect(SEEN).toEqual({
      resourceVersion: '5',
      taint: { index: 1, value: ourTaint },
      node: {
        name: 'n1',
        labels: { pool: 'db' },
        kubelet: 'v1.37.2',
        kernel: '6.12.0',
        readiness: { ready: true, since: new Date('2026-11-24T08:00:00Z') },
        joining: true,
        state: 'Pending',
        reason: 'Waits.',
        rollbackIncomplete: true,
        desiredRevision: 'aaaaaaaaaa',
        appliedRevision: 'bbbbbbbbbb',
        failedRevision: 'dddddddddd',
        drift: ['missing', 'pending restart'],
        lastChange: new Date('2026-11-24T09:00:00Z'),
        approvedRevision: 'cccccccccc',
        approvedAt: new Date('2026-11-24T10:00:00Z'),
        paused: true,
      },
    });
  });

  it.each(['+275760-09-13T00:00:00Z', '-271821-04-20T00:00:00Z'])(
    'ignores the impossible time %s in an annotation',
    (lastChange) => {
      const annotations = { [`${PREFIX}last-change`]: lastChange };
      const seen = parseFleetNode({ metadata: { name: 'n1', resourceVersion: '1', annotations } });
      expect(seen.node.lastChange).toBeUndefined();
    },
  );

  it('reads a Node without reports, and reads invalid annotations as missing', () => {
    const bare = {
      metadata: {
        name: 'n1',
        resourceVersion: '1',
        annotations: { [`${PREFIX}state`]: 'Odd', [`${PREFIX}last-change`]: 'soon' },
      },
    };
    expect(parseFleetNode(bare)).toMatchObject({
      taint: undefined,
      node: { state: undefined, lastChange: undefined, readiness: undefined, joining: false, kubelet: '' },
    });
  });
});

describe('an approval', () => {
  it('is one annotation, written only over the version that was seen', async () => {
    const answer = { metadata: { resourceVersion: '6', managedFields } };
    const { server, fleet } = await served(json(200, answer));
    expect(await fleet.approve(SEEN, 'aaaaaaaaaa')).toEqual({
      ...SEEN,
      resourceVersion: '6',
      node: { ...SEEN.node, approvedRevision: 'aaaaaaaaaa', approvedAt: new Date('2026-11-24T10:00:00Z') },
    });
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
    expect(server.seen[0]?.query.get('fieldManager')).toBe('kubelet-sysctl-coordinator');
    expect(JSON.parse(server.seen[0]?.body ?? '')).toEqual({
      metadata: { resourceVersion: '5', annotations: { [`${PREFIX}approved-revision`]: 'aaaaaaaaaa' } },
    });
  });

  it('is revoked by removing its annotation', async () => {
    const { server, fleet } = await served(json(200, { metadata: { resourceVersion: '6' } }));
    expect(await fleet.approve(SEEN, undefined)).toMatchObject({
      node: { approvedRevision: undefined, approvedAt: undefined },
    });
    expect(server.seen[0]?.body).toContain(`"${PREFIX}approved-revision":null`);
  });

  it.each([
    [409, 'ConflictError'],
    [404, 'ConflictError'],
    [403, 'ApiError'],
    [500, 'ApiError'],
  ])('rejects, for the status %d, with %s', async (code, name) => {
    const { fleet } = await served(json(code, status(code, 'Any', 'any')));
    await expect(fleet.approve(SEEN, 'aaaaaaaaaa')).rejects.toMatchObject({ name });
  });
});

describe('the start-up taint', () => {
  it('is removed at its index, provided that it is unchanged', async () => {
    const { server, fleet } = await served(json(200, { metadata: { resourceVersion: '6' } }));
    expect(await fleet.untaint(SEEN)).toEqual({
      resourceVersion: '6',
      taint: undefined,
      node: { ...SEEN.node, joining: false },
    });
    expect(server.seen[0]?.headers['content-type']).toBe('application/json-patch+json');
    expect(JSON.parse(server.seen[0]?.body ?? '')).toEqual([
      { op: 'test', path: '/metadata/resourceVersion', value: '5' },
      { op: 'test', path: '/spec/taints/1', value: ourTaint },
      { op: 'remove', path: '/spec/taints/1' },
    ]);
  });

  it('is kept when the taints have changed since', async () => {
    const { fleet } = await served(json(422, status(422, 'Invalid', 'test failed')));
    await expect(fleet.untaint(SEEN)).rejects.toMatchObject({ name: 'ConflictError' });
  });
});

describe('the status', () => {
  const metadata = { namespace: 'agents', name: 'kubelet-sysctls-status', uid: 'u', resourceVersion: '9' };

  it('is undefined when missing, is created, and is then written over the version that was seen', async () => {
    const { server, fleet } = await served(
      json(404, status(404, 'NotFound', 'no')),
      json(201, { metadata, data: { phase: 'Done' } }),
      json(200, { metadata: { ...metadata, resourceVersion: '10' }, data: { phase: 'Rolling' } }),
    );
    expect(await fleet.readStatus()).toBeUndefined();
    const first = await fleet.writeStatus(undefined, { phase: 'Done' });
    const second = await fleet.writeStatus(first, { phase: 'Rolling' });
    expect(second).toMatchObject({ resourceVersion: '10', data: { phase: 'Rolling' } });
    expect(server.seen).toMatchObject([
      { method: 'GET', path: '/api/v1/namespaces/agents/configmaps/kubelet-sysctls-status' },
      { method: 'POST', path: '/api/v1/namespaces/agents/configmaps' },
      { method: 'PATCH', path: '/api/v1/namespaces/agents/configmaps/kubelet-sysctls-status' },
    ]);
    expect(JSON.parse(server.seen[2]?.body ?? '')).toEqual({
      metadata: { resourceVersion: '9' },
      data: { phase: 'Rolling' },
    });
  });

  it('is not written over a status that another writer created', async () => {
    const { fleet } = await served(json(409, status(409, 'AlreadyExists', 'there')));
    await expect(fleet.writeStatus(undefined, {})).rejects.toMatchObject({ name: 'ConflictError' });
  });
});

describe('an Event about the policy', () => {
  const configMap = {
    namespace: 'agents',
    name: 'kubelet-sysctls',
    uid: 'map-uid',
    resourceVersion: '7',
    data: {},
  };
  const note = { type: 'Normal', reason: 'RolloutStarted', message: 'Three nodes.' } as const;

  it('names the coordinator as its source, and is the same from the next leader', async () => {
    const first = await served(json(201, {}));
    const second = await served(json(409, status(409, 'AlreadyExists', 'there')));
    await first.fleet.policyEvent(configMap, note);
    await second.fleet.policyEvent(configMap, note);
    expect(first.server.seen[0]?.path).toBe('/api/v1/namespaces/agents/events');
    const posted = JSON.parse(first.server.seen[0]?.body ?? '');
    expect(posted).toMatchObject({
      reason: 'RolloutStarted',
      involvedObject: { kind: 'ConfigMap', name: 'kubelet-sysctls' },
      source: { component: 'kubelet-sysctl-coordinator' },
      reportingComponent: 'kubelet-sysctl-coordinator',
    });
    expect(JSON.parse(second.server.seen[0]?.body ?? '').metadata.name).toBe(posted.metadata.name);
  });
});

describe('watching the Nodes', () => {
  it('reports the list, then each change and each deletion', async () => {
    const { fleet } = await served(
      json(200, { kind: 'NodeList', metadata: { resourceVersion: '5' }, items: [NODE] }),
      watching([
        { type: 'MODIFIED', object: { ...NODE, spec: {} } },
        { type: 'DELETED', object: NODE },
      ]),
    );
    const seen: unknown[] = [];
    const watch = fleet.watchNodes({
      known: () => undefined,
      onListing: () => seen.push('listing'),
      onList: (nodes) => seen.push([...nodes.keys()]) > 0,
      onChanged: ({ node }) => seen.push(node.joining),
      onDeleted: (name) => seen.push(name),
    });
    open.push({ close: () => watch.stop() });
    await eventually(() => expect(seen).toEqual(['listing', ['n1'], false, 'n1']));
  });
});
