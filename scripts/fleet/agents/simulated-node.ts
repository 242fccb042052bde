// One simulated node: the real agent with the real API server, on a host in memory whose kubelet only simulates restarts.

import { setTimeout as sleep } from 'node:timers/promises';
import { followCluster } from '../../../agent/cli/daemon/follow.ts';
import { createCluster } from '../../../agent/cluster/api/agent-api.ts';
import { createTransport } from '../../../agent/cluster/http/transport.ts';
import { systemClock } from '../../../agent/host/clock.ts';
import { createAgent } from '../../../agent/node/agent.ts';
import { createRefusalEvents } from '../../../agent/node/report/refusal-events.ts';
import type { NodeObject } from '../../../agent/node/ports.ts';
import { errorText } from '../../../agent/text/error-text.ts';
import { ENVIRONMENT_FILE, FakeHost } from '../../fakes/fake-host.ts';
import { AGENT_DAEMON_SET, AGENT_NAMESPACE, POLICY_CONFIG_MAP } from '../../kubernetes/names.ts';
import type { Admin } from '../../bed/control-plane/admin.ts';
import { restartKubelet } from './kubelet.ts';
import { agentPodName, agentPodObject, nodeObject, runningPodStatus } from './objects.ts';
import { tokenOfNewPod } from '../api/token.ts';

export interface NodeOptions {
  readonly admin: Admin;
  readonly server: string;
  /** PEM of the authority that signed the server's certificate. */
  readonly ca: string;
  /** The local address of its agent's connections: one address has too few ports for thousands of agents. */
  readonly localAddress: string;
  readonly name: string;
  readonly index: number;
  /** What its kubelet allows initially. */
  readonly allowances: readonly string[];
  /** Receives the Node whenever the agent does. */
  readonly onSeen: (node: NodeObject) => void;
  readonly onWarning: (what: string) => void;
}

const NODES = '/api/v1/nodes';
const PODS = `/api/v1/namespaces/${AGENT_NAMESPACE}/pods`;

/** From the end of an agent's pod to the start of the next one's program, in ms: about what a kubelet takes for an image that it has. */
const POD_START_MS = 2000;

export interface SimulatedNode {
  /** Ends the agent and starts it again, as an update of its DaemonSet does; resolves when the new one has reported. */
  replaceAgent(): Promise<void>;
}

/** Resolves when the agent has reported on its node. */
export async function startNode(options: NodeOptions): Promise<SimulatedNode> {
  const { admin, name, onWarning } = options;
  await admin.send('POST', NODES, nodeObject(name, options.index));
  const token = await tokenOf(admin, name);
  const onError = (error: unknown): void => onWarning(`kubelet: ${String(error)}`);
  const host = new FakeHost({ [ENVIRONMENT_FILE]: environmentFile(options.allowances) });
  host.monotonicMs = () => systemClock.monotonicMs();
  host.startKubelet();
  host.restarted = () => restartKubelet({ admin, node: name, onError });
  let stop = await startAgent(options, host, token);
  return {
    async replaceAgent() {
      await stop();
      await sleep(POD_START_MS);
      stop = await startAgent(options, host, token);
    },
  };
}

/** Returns a token that is bound to the agent's pod, and so names the node, as the admission policy requires. */
async function tokenOf(admin: Admin, node: string): Promise<string> {
  const token = await tokenOfNewPod(admin, AGENT_DAEMON_SET, agentPodObject(node));
  await admin.send('PATCH', `${PODS}/${agentPodName(node)}/status`, runningPodStatus(new Date()));
  return token;
}

/** Resolves, when the agent has reported, with what ends it. */
async function startAgent(options: NodeOptions, host: FakeHost, token: string): Promise<() => Promise<void>> {
  const { name, server, ca, localAddress, onSeen, onWarning } = options;
  const reported = Promise.withResolvers<void>();
  const credentials = {
    server: new URL(server),
    namespace: AGENT_NAMESPACE,
    token: () => Promise.resolve(token),
    ca: () => Promise.resolve(ca),
  };
  const transport = createTransport(credentials, { localAddress });
  const cluster = createCluster({
    transport,
    nodeName: name,
    namespace: AGENT_NAMESPACE,
    configMapName: POLICY_CONFIG_MAP,
  });
  const log = {
    info: () => {},
    warn: (facts: object, message: string) =>
      onWarning('err' in facts ? `${message}: ${withCause(facts.err)}` : message),
  };
  const agent = createAgent(
    { ...realTime(host, () => agent.hostChanged()), cluster, log, random: Math.random },
    {
      configMap: { namespace: AGENT_NAMESPACE, name: POLICY_CONFIG_MAP },
      jitterMs: 0,
      // As in the manifests with the coordinator.
      waitForApproval: true,
      onReported: () => reported.resolve(),
    },
  );
  const seeing = {
    ...agent,
    setNode: (node: NodeObject | undefined) => {
      if (node !== undefined) onSeen(node);
      agent.setNode(node);
    },
  };
  const refusals = createRefusalEvents({ cluster, log, clock: systemClock }, AGENT_NAMESPACE);
  const unfollow = followCluster({ cluster, clock: systemClock, log, random: Math.random }, seeing, refusals);
  await reported.promise;
  return async () => {
    unfollow();
    await agent.stop();
    transport.close();
  };
}

/** Returns the host's ports with the real clock; calls `changed` after writes and restarts, as inotify does. */
function realTime(host: FakeHost, changed: () => void): ReturnType<FakeHost['ports']> {
  const ports = host.ports();
  const clock = {
    ...systemClock,
    now: () => {
      // The simulated kubelet dates its starts by the fake host's clock.
      host.now = systemClock.now();
      return host.now;
    },
  };
  const files: typeof ports.files = {
    ...ports.files,
    async writeAtomic(path, content, write) {
      await ports.files.writeAtomic(path, content, write);
      changed();
    },
  };
  const systemd: typeof ports.systemd = {
    ...ports.systemd,
    async tryRestart(unit) {
      await ports.systemd.tryRestart(unit);
      changed();
    },
  };
  return { ...ports, clock, files, systemd };
}

function environmentFile(allowances: readonly string[]): string {
  return `KUBELET_EXTRA_ARGS=--allowed-unsafe-sysctls=${allowances.join(',')}\n`;
}

function withCause(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? String(error) : `${String(error)}: ${errorText(cause)}`;
}
