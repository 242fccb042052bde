// Every report that a node shows, and when: for what lasts too short to be looked up.

import { KubeConfig, type V1Node, Watch } from '@kubernetes/client-node';
import { type Report, reportIn } from './report.ts';
import type { World } from './world.ts';

export interface Sighting {
  /** Of performance.now(). */
  readonly at: number;
  readonly report: Report;
}

export interface NodeWatch extends AsyncDisposable {
  readonly sightings: readonly Sighting[];
}

/** Resolves when the node is being watched and was seen once. */
export async function watchNode({ bed }: World, name: string): Promise<NodeWatch> {
  const config = new KubeConfig();
  config.loadFromFile(bed.kubeconfig);
  const sightings: Sighting[] = [];
  const { promise: seen, resolve, reject } = Promise.withResolvers<void>();
  const abort = await new Watch(config).watch(
    '/api/v1/nodes',
    // From what the API server has at hand: it answers a watch of the very latest with "Too large resource version" now and then.
    { fieldSelector: `metadata.name=${name}`, resourceVersion: '0' },
    (_phase, node: V1Node) => {
      sightings.push({ at: performance.now(), report: reportIn(node) });
      resolve();
    },
    (error: unknown) => reject(error instanceof Error ? error : new Error(String(error))),
  );
  await seen;
  return { sightings, [Symbol.asyncDispose]: async () => abort.abort() };
}
