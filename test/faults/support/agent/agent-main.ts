#!/usr/bin/env node
// The agent as the image runs it, on a host in memory: the API server alone is real, and the way to it.

import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { followCluster } from '../../../../agent/cli/daemon/follow.ts';
import { createCluster } from '../../../../agent/cluster/api/agent-api.ts';
import { inClusterCredentials } from '../../../../agent/cluster/http/credentials.ts';
import { createTransport } from '../../../../agent/cluster/http/transport.ts';
import { systemClock } from '../../../../agent/host/clock.ts';
import { createAgent } from '../../../../agent/node/agent.ts';
import { createRefusalEvents } from '../../../../agent/node/report/refusal-events.ts';
import { FakeHost } from '../../../../scripts/fakes/fake-host.ts';
import { POLICY_CONFIG_MAP } from '../../../../scripts/kubernetes/names.ts';
import type { FromAgent, ToAgent } from './agent-messages.ts';

const [nodeName = '', folder = '', haste = '0'] = process.argv.slice(2);
/** Pauses are a random part of something: without chance they are none. */
const random = haste === '1' ? () => 0 : Math.random;

const warnings = new Map<string, number>();
const log = {
  info: () => {},
  warn: (facts: object, message: string) => {
    const cause = 'err' in facts ? `${message}: ${String(facts.err)}` : message;
    const key = cause.slice(0, 300);
    // However many there are, they must not be what grows.
    if (warnings.size < 50 || warnings.has(key)) {
      warnings.set(key, (warnings.get(key) ?? 0) + 1);
    }
  },
};

const tell = (message: FromAgent): void => void process.send?.(message);
const host = new FakeHost();
host.monotonicMs = () => systemClock.monotonicMs();
host.startKubelet();
host.restarted = async () => {
  tell({ kind: 'restarted' });
};

// The folder that the kubelet mounts in a pod is elsewhere here.
const credentials = await inClusterCredentials(process.env, (path) =>
  readFile(join(folder, basename(path)), 'utf8'),
);
const transport = createTransport(credentials);
const cluster = createCluster({
  transport,
  nodeName,
  namespace: credentials.namespace,
  configMapName: POLICY_CONFIG_MAP,
  random,
});
const clock = {
  ...systemClock,
  now: () => {
    // The kubelet in memory dates its starts by the host's own time.
    host.now = systemClock.now();
    return host.now;
  },
};
const agent = createAgent(
  { ...host.ports(), cluster, clock, random, log },
  {
    configMap: { namespace: credentials.namespace, name: POLICY_CONFIG_MAP },
    jitterMs: 0,
    waitForApproval: false,
    onReported: () => {},
  },
);
const refusals = createRefusalEvents({ cluster, log, clock }, credentials.namespace);
followCluster({ cluster, clock, log, random }, agent, refusals);

process.on('message', (message: ToAgent) => {
  if (message.kind === 'edit') {
    host.files.set(message.path, message.content);
    agent.hostChanged();
  } else {
    void tellStats();
  }
});
process.once('disconnect', () => process.exit());

async function tellStats(): Promise<void> {
  // What ended a moment ago lets go of its buffers in the turns after.
  for (let turn = 0; turn < 3; turn += 1) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const { heapUsed, external } = process.memoryUsage();
  tell({
    kind: 'stats',
    heapBytes: heapUsed,
    externalBytes: external,
    restarts: host.restarts,
    running: host.runningArgv?.find((word) => word.startsWith('--allowed-unsafe-sysctls=')) ?? '',
    warnings: Object.fromEntries(warnings),
  });
}
