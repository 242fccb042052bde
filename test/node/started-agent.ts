// Starts an agent on a FakeHost, as a new process does.

import { createAgent, type Agent, type AgentOptions } from '../../agent/node/agent.ts';
import type { FakeHost } from '../../scripts/fakes/fake-host.ts';

/** Starts an agent and waits until it is idle. `data` is the ConfigMap's; undefined: there is none. */
export async function startedAgent(
  host: FakeHost,
  data: Readonly<Record<string, string>> | undefined,
  options: Partial<Pick<AgentOptions, 'jitterMs' | 'waitForApproval' | 'onReported'>> = {},
): Promise<Agent> {
  const agent = createAgent(host.ports(), {
    configMap: { namespace: 'agent', name: 'kubelet-sysctls' },
    jitterMs: 0,
    waitForApproval: false,
    onReported: () => {},
    ...options,
  });
  agent.setNode(host.node());
  agent.setConfigMap(data === undefined ? undefined : host.configMap(data));
  await atRest();
  return agent;
}

/** Waits until the agent is idle: every port answers in microtasks, so five turns of the event loop complete a pass. */
export async function atRest(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
