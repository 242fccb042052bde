import { describe, expect, it } from 'vitest';
import { followCluster } from '../../../agent/cli/daemon/follow.ts';
import type { WatchedCluster } from '../../../agent/cluster/api/agent-api.ts';
import { createAgent } from '../../../agent/node/agent.ts';
import { KEYS } from '../../../agent/names.ts';
import { FakeHost } from '../../../scripts/fakes/fake-host.ts';
import { atRest } from '../../node/started-agent.ts';

type Follow<K extends 'watchNode' | 'watchConfigMap'> = Parameters<WatchedCluster[K]>;

/** An agent on a host whose API server is away, and the ends of its two watches. */
function following(): {
  host: FakeHost;
  node: Follow<'watchNode'>;
  configMap: Follow<'watchConfigMap'>;
  warnings: unknown[];
  stopped: string[];
  unfollow: () => void;
} {
  const host = new FakeHost().startKubelet();
  host.apiServer = false;
  const agent = createAgent(host.ports(), {
    configMap: { namespace: 'agent', name: 'kubelet-sysctls' },
    jitterMs: 0,
    waitForApproval: false,
    onReported: () => {},
  });
  let [node, configMap]: [Follow<'watchNode'>?, Follow<'watchConfigMap'>?] = [];
  const stopped: string[] = [];
  const watch = (name: string) => ({ synced: Promise.resolve(), stop: () => void stopped.push(name) });
  const cluster: Pick<WatchedCluster, 'watchNode' | 'watchConfigMap'> = {
    watchNode: (...args) => {
      node = args;
      return watch('node');
    },
    watchConfigMap: (...args) => {
      configMap = args;
      return watch('configMap');
    },
  };
  const warnings: unknown[] = [];
  const unfollow = followCluster(cluster, agent, { warn: (facts) => warnings.push(facts) });
  if (node === undefined || configMap === undefined) {
    throw new Error('Expected followCluster to watch the Node and the ConfigMap');
  }
  return { host, node, configMap, warnings, stopped, unfollow };
}

describe('followCluster', () => {
  it('reports a pending state as soon as the API server is back, although the watches bring no change', async () => {
    const { host, node, configMap } = following();
    node[0](host.node());
    configMap[0](host.configMap({ allowedUnsafeSysctls: 'net.core.somaxconn', nodeSoakSeconds: '0' }));
    for (let tries = 0; tries < 12; tries += 1) {
      host.advance(60_000);
      await atRest();
    }
    expect(host.restarts).toBe(1);
    expect(host.annotations).toEqual({});

    host.apiServer = true;
    node[1]?.onRecovered?.();
    host.advance(50);
    await atRest();
    expect(host.annotations[KEYS.running]).toBe('net.core.somaxconn');
    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(host.restarts).toBe(1);
  });

  it('logs the errors of both watches, and stops both watches', () => {
    const { node, configMap, warnings, stopped, unfollow } = following();
    const error = new Error('no route');
    node[1]?.onError?.(error, 1000);
    configMap[1]?.onError?.(error, 1000);
    expect(warnings).toEqual([{ err: error }, { err: error }]);
    unfollow();
    expect(stopped).toEqual(['node', 'configMap']);
  });
});
