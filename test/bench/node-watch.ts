// What a Node shows, as the API server tells it, with the instant at which we were told.

import { type KubeConfig, Watch } from '@kubernetes/client-node';
import { objectAt, textsAt } from '../../agent/cluster/fields.ts';

export type Annotations = Readonly<Record<string, string>>;

export interface NodeWatch {
  /**
   * Resolves with performance.now() of the first event from now on whose annotations meet the condition. Throws at once when
   * they already do, since nothing could be measured then, and after `timeoutMs`.
   */
  shows(what: string, condition: (annotations: Annotations) => boolean, timeoutMs?: number): Promise<number>;
  /** As `shows`, and content when they already do. */
  settles(what: string, condition: (annotations: Annotations) => boolean): Promise<void>;
  stop(): void;
}

const TIMEOUT_MS = 90_000;

interface Waiter {
  readonly condition: (annotations: Annotations) => boolean;
  readonly resolve: (at: number) => void;
}

/** Resolves when the node was seen once. */
export async function watchNode(config: KubeConfig, node: string): Promise<NodeWatch> {
  const waiters = new Set<Waiter>();
  const first = Promise.withResolvers<void>();
  let latest: Annotations | undefined;
  let stopped = false;
  let connection: AbortController | undefined;

  const open = async (): Promise<void> => {
    connection = await new Watch(config).watch(
      '/api/v1/nodes',
      { fieldSelector: `metadata.name=${node}` },
      take,
      reopen,
    );
    if (stopped) connection.abort();
  };
  // A server ends each watch at some time; a new one begins with the Node as it is.
  const reopen = (): void => {
    if (!stopped) open().catch((error: unknown) => first.reject(error));
  };
  const take = (phase: string, object: unknown): void => {
    const at = performance.now();
    if (phase !== 'ADDED' && phase !== 'MODIFIED') return;
    const annotations = textsAt(objectAt(object, 'metadata'), 'annotations');
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

  await open();
  await first.promise;
  return {
    shows,
    settles: async (what, condition) => {
      if (latest === undefined || !condition(latest)) await shows(what, condition);
    },
    stop() {
      stopped = true;
      connection?.abort();
    },
  };
}
