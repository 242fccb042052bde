import { describe, expect, it } from 'vitest';
import { followCluster } from '../../../agent/cli/daemon/follow.ts';
import type { WatchedCluster } from '../../../agent/cluster/api/agent-api.ts';
import { createAgent } from '../../../agent/node/agent.ts';
import { KEYS } from '../../../agent/names.ts';
import type { RefusedPod } from '../../../agent/node/ports.ts';
import { createRefusalEvents } from '../../../agent/node/report/refusal-events.ts';
import type { EventDraft } from '../../../agent/report/event-draft.ts';
import { FakeHost } from '../../../scripts/fakes/fake-host.ts';
import { atRest } from '../../node/started-agent.ts';

/** Where `random` returns 0.5. */
const HALF_OF_SPREAD_MS = 5000;
const CREATED = new Date('2026-11-29T10:00:00Z');

type Follow<K extends 'watchNode' | 'watchConfigMap'> = Parameters<WatchedCluster[K]>;

/** An agent on a host whose API server is away, and the ends of its watches. */
function following(): {
  host: FakeHost;
  node: Follow<'watchNode'>;
  configMap: Follow<'watchConfigMap'>;
  /** What each watch of refused pods calls. */
  refuse: ((pod: RefusedPod) => void)[];
  posted: string[];
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
  const posted: string[] = [];
  const refuse: ((pod: RefusedPod) => void)[] = [];
  const cluster: Parameters<typeof followCluster>[0]['cluster'] = {
    watchRefusedPods: (listener) => {
      refuse.push(listener);
      return watch('refusedPods');
    },
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
  const log = { warn: (facts: unknown) => warnings.push(facts) };
  const podEvent = async (_pod: RefusedPod, { message }: EventDraft): Promise<void> => {
    posted.push(message);
  };
  const refusals = createRefusalEvents(
    { cluster: { podEvent }, log, clock: { now: () => CREATED } },
    'agent',
  );
  const { clock } = host.ports();
  const unfollow = followCluster({ cluster, clock, log, random: () => 0.5 }, agent, refusals);
  if (node === undefined || configMap === undefined) {
    throw new Error('Expected followCluster to watch the Node and the ConfigMap');
  }
  return { host, node, configMap, refuse, posted, warnings, stopped, unfollow };
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

  it('logs the errors of the watches of Node and ConfigMap, and stops every watch', () => {
    const { host, node, configMap, warnings, stopped, unfollow } = following();
    node[0](host.node());
    host.advance(HALF_OF_SPREAD_MS);
    const error = new Error('no route');
    node[1]?.onError?.(error, 1000);
    configMap[1]?.onError?.(error, 1000);
    expect(warnings).toEqual([{ err: error }, { err: error }]);
    unfollow();
    expect(stopped).toEqual(['node', 'configMap', 'refusedPods']);
  });

  it('a refused pod gets an Event that knows the Node and the ConfigMap of now', () => {
    const { host, node, configMap, refuse, posted } = following();
    node[0](host.node());
    host.advance(HALF_OF_SPREAD_MS);
    configMap[0](host.configMap({ allowedUnsafeSysctls: 'net.core.somaxconn' }));
    const message = 'forbidden sysctl: "net.core.somaxconn" not allowlisted';
    const pod = { uid: 'u', namespace: 'shop', name: 'web', owner: 'o', createdAt: CREATED, message };
    refuse[0]?.({ ...pod, sysctls: ['net.core.somaxconn'] });
    expect(posted).toEqual([expect.stringMatching(/The policy allows net\.core\.somaxconn on this node/u)]);
  });

  it('watches refused pods from a random instant within 10 s after the Node is known, once', () => {
    const { host, node, refuse } = following();
    host.advance(HALF_OF_SPREAD_MS);
    node[0](host.node());
    host.advance(HALF_OF_SPREAD_MS - 1);
    expect(refuse).toHaveLength(0);
    host.advance(1);
    expect(refuse).toHaveLength(1);
    node[0](host.node());
    host.advance(HALF_OF_SPREAD_MS);
    expect(refuse).toHaveLength(1);
  });

  it('watches no refused pods when it is stopped before', () => {
    const { host, node, refuse, stopped, unfollow } = following();
    node[0](host.node());
    unfollow();
    host.advance(HALF_OF_SPREAD_MS);
    expect(refuse).toHaveLength(0);
    expect(stopped).toEqual(['node', 'configMap']);
  });
});
