// Every report that a node shows, and when: for what lasts too short to be looked up.

import { KubeConfig, type V1Node, Watch } from '@kubernetes/client-node';
import { type Report, reportIn } from './report.ts';
import type { World } from './world.ts';

export interface Sighting {
  /** Of performance.now(). */
  readonly at: number;
  readonly report: Report;
}

const REOPEN_MS = 20;

export interface NodeWatch extends AsyncDisposable {
  readonly sightings: readonly Sighting[];
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
    async [Symbol.asyncDispose]() {
      ended = true;
      abort?.abort();
    },
  };
}
