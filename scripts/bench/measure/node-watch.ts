// Watches a Node, and notes when each event arrived.

import type { KubeConfig, V1Node } from '@kubernetes/client-node';
import { keepWatching } from '../../bed/control-plane/keep-watching.ts';

export type Annotations = Readonly<Record<string, string>>;

export interface NodeWatch {
  /**
   * Resolves with performance.now() of the first event from now on whose annotations meet the condition. Throws at once when
   * they already do, since there would be no event to measure, and after `timeoutMs`.
   */
  shows(what: string, condition: (annotations: Annotations) => boolean, timeoutMs?: number): Promise<number>;
  /** Like `shows`, but resolves at once when the annotations already meet the condition. */
  settles(what: string, condition: (annotations: Annotations) => boolean): Promise<void>;
  stop(): void;
}

const TIMEOUT_MS = 90_000;

interface Waiter {
  readonly condition: (annotations: Annotations) => boolean;
  readonly resolve: (at: number) => void;
}

/** Resolves when the first event has arrived. */
export async function watchNode(config: KubeConfig, node: string): Promise<NodeWatch> {
  const waiters = new Set<Waiter>();
  const first = Promise.withResolvers<void>();
  let latest: Annotations | undefined;
  const stopped = new AbortController();

  const take = (object: V1Node): void => {
    const at = performance.now();
    const annotations = object.metadata?.annotations ?? {};
    latest = annotations;
    first.resolve();
    for (const waiter of waiters) {
      if (waiter.condition(annotations)) waiter.resolve(at);
    }
  };

  const shows: NodeWatch['shows'] = async (what, condition, timeoutMs = TIMEOUT_MS) => {
    if (latest !== undefined && condition(latest)) {
      throw new Error(`Expected ${node} not to ${what} yet, but it does: ${JSON.stringify(latest)}`);
    }
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const waiter = { condition, resolve };
    waiters.add(waiter);
    const timer = setTimeout(
      () =>
        reject(
          new Error(
            `Expected ${node} to ${what} within ${timeoutMs / 1000} s, but it shows ${JSON.stringify(latest)}`,
          ),
        ),
      timeoutMs,
    );
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      waiters.delete(waiter);
    }
  };

  await keepWatching<V1Node>(config, {
    path: '/api/v1/nodes',
    query: { fieldSelector: `metadata.name=${node}` },
    signal: stopped.signal,
    onObject: take,
  });
  await first.promise;
  return {
    shows,
    settles: async (what, condition) => {
      if (latest === undefined || !condition(latest)) await shows(what, condition);
    },
    stop: () => stopped.abort(),
  };
}
