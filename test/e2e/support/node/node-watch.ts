// Every report of a node, with its time: also those too short-lived to be polled.

import { KubeConfig, type V1Node } from '@kubernetes/client-node';
import { keepWatching } from '../../../../scripts/bed/control-plane/keep-watching.ts';
import { until } from '../../../../scripts/bed/util/until.ts';
import { type Report, reportIn } from '../../../../scripts/node/report.ts';
import type { World } from '../../../../scripts/node/world.ts';

export interface Sighting {
  /** Of performance.now(). */
  readonly at: number;
  readonly report: Report;
}

const LATE = { timeoutMs: 5000, everyMs: 20 };

export interface NodeWatch extends AsyncDisposable {
  readonly sightings: readonly Sighting[];
  /** The first sighting like that, which may come some moments after others have read the same; undefined: none within 5 s. */
  sighting(isLike: (report: Report) => boolean): Promise<Sighting | undefined>;
}

/** Resolves when the node is being watched and was seen once. Reconnects a watch that the API server ends. */
export async function watchNode({ bed }: World, name: string): Promise<NodeWatch> {
  const config = new KubeConfig();
  config.loadFromFile(bed.kubeconfig);
  const sightings: Sighting[] = [];
  const seen = Promise.withResolvers<void>();
  const ended = new AbortController();
  await keepWatching<V1Node>(config, {
    path: '/api/v1/nodes',
    query: { fieldSelector: `metadata.name=${name}` },
    signal: ended.signal,
    onObject: (node) => {
      sightings.push({ at: performance.now(), report: reportIn(node) });
      seen.resolve();
    },
  });
  await seen.promise;
  return {
    sightings,
    async sighting(isLike) {
      const find = (): Sighting | undefined => sightings.find(({ report }) => isLike(report));
      await until(() => find() !== undefined, LATE);
      return find();
    },
    async [Symbol.asyncDispose]() {
      ended.abort();
    },
  };
}
