// A Deployment whose pods are refused leaves thousands of failed pods on a node.

import type { ServerResponse } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { createCluster } from '../../../agent/cluster/api/agent-api.ts';
import { createTransport } from '../../../agent/cluster/http/transport.ts';
import { blockReason } from '../../../agent/node/decide/pod-guard.ts';
import type { SeenPod } from '../../../agent/node/ports.ts';
import { closedAfterEach, faultServer, line, type Handler } from '../fault-server.ts';

const open = closedAfterEach();

const PODS = 5000;
const FORBIDDEN = {
  phase: 'Failed',
  reason: 'SysctlForbidden',
  message: 'forbidden sysctl: "net.core.somaxconn"',
};
const RUNS = { phase: 'Running', startTime: '2026-11-24T10:00:00Z', containerStatuses: [{ name: 'app' }] };
const WAITS = { phase: 'Pending' };
const MEGABYTE = 1024 * 1024;

/** As the API server prints a pod with its managed fields: some 5 kB. */
function pod(name: string, status: object): string {
  const managedFields = Array.from({ length: 4 }, (_, at) => ({
    manager: `m${at}`,
    fieldsV1: { f: 'x'.repeat(1000) },
  }));
  const sysctls = [{ name: 'net.core.somaxconn', value: '1024' }];
  return JSON.stringify({
    metadata: { name, namespace: 'shop', uid: `uid-${name}`, resourceVersion: '7', managedFields },
    spec: { nodeName: 'n1', securityContext: { sysctls } },
    status,
  });
}

/** Sends a list of `count` storm pods and one that runs, in chunks and without keeping it in memory. */
function storm(count: number, status: object): Handler {
  return (response) => void sendList(response, count, status);
}

async function sendList(response: ServerResponse, count: number, status: object): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write(
    `{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"6"},"items":[${pod('web', RUNS)}`,
  );
  for (let at = 0; at < count; at += 1) {
    await sent(response, `,${pod(`storm-${at}`, status)}`);
  }
  response.end(']}\n');
}

/** Resolves when the socket takes more: what waits here would count as the agent's memory. */
async function sent(response: ServerResponse, text: string): Promise<void> {
  if (!response.write(text)) await new Promise((resolve) => response.once('drain', resolve));
}

/** Answers a list as given and a watch with `events`, which then stays open. */
function answers(list: Handler, events: (response: ServerResponse) => void): Handler {
  return (response, seen) => {
    if (seen.query.get('watch') !== 'true') {
      list(response, seen);
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    events(response);
  };
}

async function cluster(handler: Handler): Promise<ReturnType<typeof createCluster>> {
  const server = await faultServer();
  server.answer(handler);
  const transport = createTransport(server.credentials());
  open.push(server, transport);
  return createCluster({
    transport,
    nodeName: 'n1',
    namespace: 'agent',
    configMapName: 'policy',
    collectGarbage,
  });
}

setFlagsFromString('--expose-gc');
const collectGarbage = (): void => void runInNewContext('gc()');

function memory(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describe('5,000 refused pods on the node', () => {
  it('neither count as refused by a restart nor cost much memory or time while the pods are watched', async () => {
    const events = Promise.withResolvers<ServerResponse>();
    const api = await cluster(answers(storm(PODS, FORBIDDEN), events.resolve));
    const before = memory();
    let calls = 0;
    const pods = api.watchPods();
    open.push({ close: () => pods.stop() });
    const counts = ({ name, phase, hadContainers }: SeenPod): boolean => {
      calls += 1;
      return name === 'end' || (hadContainers && phase === 'Failed');
    };
    const found = pods.found(counts, 60_000);

    const response = await events.promise;
    // A restarted kubelet reports all of them again, with containers.
    const reported = { ...FORBIDDEN, containerStatuses: [{ name: 'app' }] };
    for (let at = 0; at < PODS; at += 1) {
      await sent(response, line({ type: 'MODIFIED', object: JSON.parse(pod(`storm-${at}`, reported)) }));
    }
    response.write(line({ type: 'ADDED', object: JSON.parse(pod('end', RUNS)) }));

    expect((await found).map(({ name }) => name)).toEqual(['end']);
    expect(calls).toBeLessThan(100);
    expect(memory() - before).toBeLessThan(12 * MEGABYTE);
  }, 60_000);

  it('does not hide the pod that ran and that the restarted kubelet refused', async () => {
    const api = await cluster(
      answers(storm(PODS, FORBIDDEN), (response) => {
        response.write(line({ type: 'MODIFIED', object: JSON.parse(pod('web', FORBIDDEN)) }));
      }),
    );
    const pods = api.watchPods();
    open.push({ close: () => pods.stop() });
    const found = await pods.found(({ phase, hadContainers }) => hadContainers && phase === 'Failed', 60_000);
    expect(found).toMatchObject([{ name: 'web', reason: 'SysctlForbidden' }]);
  }, 60_000);

  it('block no restart while the kubelet has not refused them yet, and the pod that runs does', async () => {
    const api = await cluster(answers(storm(PODS, WAITS), () => undefined));
    const before = memory();
    const pods = await api.sysctlPods({ latest: true });
    expect(pods).toHaveLength(PODS + 1);
    expect(memory() - before).toBeLessThan(8 * MEGABYTE);
    const kubelet = { major: 1, minor: 37, patch: 2 };
    const restart = { next: ['kernel.sem'], kubelet, kernel: undefined };
    const others = pods.filter(({ name }) => name !== 'web');
    expect(blockReason({ kind: 'seen', pods: others }, { ...restart, running: [] })).toBeUndefined();
    expect(
      blockReason({ kind: 'seen', pods }, { ...restart, running: ['net.core.somaxconn'] }),
    ).toBeDefined();
  }, 60_000);
});
