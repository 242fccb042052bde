import { describe, expect, test } from 'vitest';
import { createAgent } from '../../agent/node/agent.ts';
import { KEYS } from '../../agent/names.ts';
import { FakeHost } from '../../scripts/fakes/fake-host.ts';
import { atRest } from './started-agent.ts';

const STATE_FILE = '/var/lib/kubelet-sysctl-agent/state.json';

/** Runs one change whose save of the state lasts until `proceed` is called, while the API server is unreachable. */
async function changeWithSlowSave(): Promise<{
  host: FakeHost;
  trace: string[];
  proceed: () => Promise<void>;
}> {
  const host = new FakeHost().startKubelet();
  const ports = host.ports();
  const trace: string[] = [];
  const slow = Promise.withResolvers<void>();
  let isSlow = false;
  const agent = createAgent(
    {
      ...ports,
      systemd: {
        ...ports.systemd,
        tryRestart: async (unit) => {
          isSlow = true;
          return ports.systemd.tryRestart(unit);
        },
      },
      stateStore: {
        ...ports.stateStore,
        save: async (agentState) => {
          trace.push('save begins');
          if (isSlow) {
            await slow.promise;
          }
          await ports.stateStore.save(agentState);
          trace.push('save ends');
        },
        load: async () => {
          trace.push('load');
          return ports.stateStore.load();
        },
        commit: async () => {
          trace.push('commit');
          return ports.stateStore.commit();
        },
      },
    },
    {
      configMap: { namespace: 'agent', name: 'kubelet-sysctls' },
      jitterMs: 0,
      waitForApproval: false,
      onReported() {},
    },
  );
  agent.setNode(host.node());
  host.fault = (action) => (action.startsWith('patch') ? new Error('connect ECONNREFUSED') : undefined);
  agent.setConfigMap(host.configMap({ allowedUnsafeSysctls: 'net.core.somaxconn', nodeSoakSeconds: '0' }));
  await atRest();
  return {
    host,
    trace,
    async proceed() {
      slow.resolve();
      await atRest();
      host.advance(3000);
      await atRest();
    },
  };
}

describe('one pass', () => {
  test('a pass ends before the next begins, also when its report fails during a slow save', async () => {
    const { host, trace, proceed } = await changeWithSlowSave();
    for (let second = 0; second < 5; second += 1) {
      host.advance(1000);
      await atRest();
    }
    expect(trace.at(-1)).toBe('save begins');

    await proceed();

    expect(trace.slice(trace.lastIndexOf('save begins'))).toEqual(['save begins', 'save ends', 'commit']);
  });

  test('a pass keeps the original and the history of a change whose report failed', async () => {
    const { host, proceed } = await changeWithSlowSave();

    await proceed();

    const state: unknown = JSON.parse(host.files.get(STATE_FILE) ?? '');
    expect(state).toMatchObject({ originals: [{ bytes: null }], history: [{ result: 'Done' }] });
    host.fault = () => undefined;
    host.advance(10_000);
    await atRest();
    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(host.armed).toBeUndefined();
    expect(host.restarts).toBe(1);
  });
});
