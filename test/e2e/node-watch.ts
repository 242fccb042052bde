// Every report that a node shows, and when: for what lasts too short to be looked up.

import { KubeConfig, type V1Node, Watch } from '@kubernetes/client-node';
import { until } from '../bed/until.ts';
import { type Report, reportIn } from './report.ts';
import type { World } from './world.ts';

export interface Sighting {
  /** Of performance.now(). */
  readonly at: number;
  readonly report: Report;
}

const REOPEN_MS = 20;
const LATE = { timeoutMs: 5000, everyMs: 20 };

export interface NodeWatch extends AsyncDisposable {
  readonly sightings: readonly Sighting[];
  /** The first sighting like that, which may come some moments after others have read the same; undefined: none within 5 s. */
  sighting(isLike: (report: Report) => boolean): Promise<Sighting | undefined>;
}

/** Resolves when the node is being watched and was seen once. A watch that the API server ends is opened anew. */
export async function watchNode({ bed }: World, name: string): Promise<NodeWatch> {
  const config = new KubeConfig();
  config.loadFromFile(bed.kubeconfig);
  const sightings: Sighting[] = [];
  const seen = Promise.withResolvers<void>();
  let ended = false;
  let abort: AbortController | undefined;

  async function watch(): Promise<void> {
    abort = await new Watch(config).watch(
      '/api/v1/nodes',
      // From what the API server has at hand: it answers a watch of the very latest with "Too large resource version" now and then.
      { fieldSelector: `metadata.name=${name}`, resourceVersion: '0' },
      (_phase, node: V1Node) => {
        sightings.push({ at: performance.now(), report: reportIn(node) });
        seen.resolve();
      },
      () => {
        if (!ended) setTimeout(() => void watch().catch(seen.reject), REOPEN_MS);
      },
    );
    if (ended) abort.abort();
  }

  await watch();
  await seen.promise;
  return {
    sightings,
    async sighting(isLike) {
      const find = (): Sighting | undefined => sightings.find(({ report }) => isLike(report));
      await until(() => find() !== undefined, LATE);
      return find();
    },
    async [Symbol.asyncDispose]() {
      ended = true;
      abort?.abort();
    },
  };
}
