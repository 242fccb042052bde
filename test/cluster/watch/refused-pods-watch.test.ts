import type { CoreV1Event } from '@kubernetes/client-node';
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { createCluster, type WatchedCluster } from '../../../agent/cluster/api/agent-api.ts';
import { createTransport } from '../../../agent/cluster/http/transport.ts';
import type { RefusedPod } from '../../../agent/node/ports.ts';
import { createRefusalEvents } from '../../../agent/node/report/refusal-events.ts';
import {
  closedAfterEach,
  eventually,
  faultServer,
  json,
  line,
  watching,
  type FaultServer,
  type Handler,
} from '../fault-server.ts';

const open = closedAfterEach();
const NOW = new Date('2026-11-29T10:20:30Z');
const NAME = 'net.core.somaxconn';

function pod(
  name: string,
  { owner = 'web', reason = 'SysctlForbidden', ageSeconds = 5, phase = 'Failed' } = {},
) {
  return {
    metadata: {
      name,
      namespace: 'shop',
      uid: `uid-${name}`,
      resourceVersion: '7',
      creationTimestamp: new Date(NOW.getTime() - ageSeconds * 1000).toISOString(),
      ownerReferences: [{ controller: true, uid: owner }],
    },
    spec: { securityContext: { sysctls: [{ name: NAME, value: '1024' }] } },
    status: { phase, reason, message: `Pod was rejected: forbidden sysctl: "${NAME}" not allowlisted` },
  };
}

const list = (...items: object[]): Handler =>
  json(200, { kind: 'PodList', metadata: { resourceVersion: '6' }, items });
const created = json(201, {});

interface Watched {
  readonly server: FaultServer;
  readonly cluster: WatchedCluster;
  readonly clock: { now: Date };
  readonly stream: Promise<ServerResponse>;
  /** The Events that were sent, in order. */
  readonly events: () => CoreV1Event[];
}

/** An agent's Events on refused pods, before an API server that lists these pods. */
async function watched(...pods: object[]): Promise<Watched> {
  const server = await faultServer();
  const stream = Promise.withResolvers<ServerResponse>();
  server.answer(list(...pods), watching([], stream.resolve), ...Array.from({ length: 200 }, () => created));
  const transport = createTransport(server.credentials());
  const clock = { now: NOW };
  const now = () => clock.now;
  const cluster = createCluster({
    transport,
    nodeName: 'n1',
    namespace: 'agents',
    configMapName: 'kubelet-sysctls',
    now,
    random: () => 0.1,
  });
  const log = { warn: () => {} };
  const refusals = createRefusalEvents({ cluster, log, clock: { now } }, 'agents');
  refusals.setNode({ name: 'n1', uid: 'node-uid', labels: {}, annotations: {} });
  const watch = cluster.watchRefusedPods((refused: RefusedPod) => refusals.refused(refused));
  open.push(server, transport, { close: () => watch.stop() });
  const events = () =>
    server.seen.filter(({ method }) => method === 'POST').map(({ body }): CoreV1Event => JSON.parse(body));
  return { server, cluster, clock, stream: stream.promise, events };
}

async function refuse({ stream }: Watched, ...pods: object[]): Promise<void> {
  const connection = await stream;
  for (const object of pods) connection.write(line({ type: 'ADDED', object }));
}

describe('Events on refused pods', () => {
  it("watches only the Failed pods of its node, listed from the API server's cache", async () => {
    const { server, stream } = await watched();
    await stream;
    const queries = server.seen.map(({ query }) => Object.fromEntries(query));
    const fieldSelector = 'spec.nodeName=n1,status.phase=Failed';
    expect(queries).toMatchObject([
      { fieldSelector, resourceVersion: '0' },
      { fieldSelector, watch: 'true' },
    ]);
  });

  it('posts one Event on a refused pod, in its namespace, with the way to allow it', async () => {
    const agent = await watched();
    await refuse(agent, pod('web-1'));
    await eventually(() => expect(agent.events()).toHaveLength(1));
    expect(agent.events()[0]).toMatchObject({
      metadata: { namespace: 'shop' },
      involvedObject: { kind: 'Pod', namespace: 'shop', name: 'web-1', uid: 'uid-web-1' },
      type: 'Warning',
      reason: 'SysctlNotAllowed',
      message: expect.stringContaining(`ConfigMap agents/kubelet-sysctls: ${NAME}`),
      source: { component: 'kubelet-sysctl-agent', host: 'n1' },
    });
  });

  it('posts one Event for a thousand refused pods of one owner, and another one an hour later', async () => {
    const agent = await watched();
    await refuse(agent, ...Array.from({ length: 1000 }, (_, index) => pod(`web-${index}`)));
    await refuse(agent, pod('other', { owner: 'other' }));
    await eventually(() => expect(agent.events()).toHaveLength(2));
    agent.clock.now = new Date(NOW.getTime() + 3_600_000);
    await refuse(
      agent,
      pod('later', { ageSeconds: -3_590 }),
      pod('last', { owner: 'last', ageSeconds: -3_590 }),
    );
    await eventually(() => expect(agent.events()).toHaveLength(4));
    const named = agent.events().map(({ involvedObject }) => involvedObject.name);
    expect(named).toEqual(['web-0', 'other', 'later', 'last']);
    expect(new Set(agent.events().map(({ metadata }) => metadata.name)).size).toBe(4);
  });

  it('posts at most 50 Events an hour, whatever the number of owners', async () => {
    const agent = await watched();
    await refuse(
      agent,
      ...Array.from({ length: 120 }, (_, index) => pod(`web-${index}`, { owner: `o${index}` })),
    );
    await eventually(() => expect(agent.events()).toHaveLength(50));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(agent.events()).toHaveLength(50);
  });

  it('names the Event by owner and hour alone, so that all nodes that refuse pods of one owner write one Event', async () => {
    const [one, two] = [await watched(), await watched()];
    await refuse(one, pod('web-1'));
    await refuse(two, pod('web-2'));
    await eventually(() => expect([...one.events(), ...two.events()]).toHaveLength(2));
    expect(one.events()[0]?.metadata.name).toBe(two.events()[0]?.metadata.name);
  });

  it('posts nothing about pods that failed otherwise, and about those that a former agent has seen', async () => {
    const agent = await watched(
      pod('evicted', { reason: 'Evicted', owner: 'a' }),
      pod('old', { ageSeconds: 3_000, owner: 'b' }),
    );
    await refuse(agent, pod('evicted-2', { reason: 'Evicted', owner: 'c' }), pod('new', { owner: 'd' }));
    await eventually(() => expect(agent.events()).toHaveLength(1));
    expect(agent.events()[0]?.involvedObject.name).toBe('new');
  });

  it('posts an Event about a pod that was refused shortly before the agent began', async () => {
    const agent = await watched(pod('recent', { ageSeconds: 60 }));
    await eventually(() => expect(agent.events()).toHaveLength(1));
  });
});
