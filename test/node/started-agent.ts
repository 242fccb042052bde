// An agent on a FakeHost, as a new process starts it.

import { createAgent, type Agent, type AgentOptions } from '../../agent/node/agent.ts';
import type { FakeHost } from '../../scripts/fakes/fake-host.ts';

/** Starts an agent and lets it come to rest; `data` is the ConfigMap's, undefined when there is none. */
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

/** Every port answers in microtasks: some turns of the event loop are time enough for all of a pass. */
export async function atRest(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
