// One node's pods, followed while its restarted kubelet is watched.

import { setTimeout as sleepFor } from 'node:timers/promises';
import type { PodsWatch, SeenPod } from '../node/ports.ts';
import { backoffMs } from './backoff.ts';
import { parseSeenPod } from './objects.ts';
import type { Transport } from './transport.ts';
import { parseWatchEvent } from './watch-event.ts';

export interface PodsWatchOptions {
  readonly transport: Pick<Transport, 'stream'>;
  readonly nodeName: string;
  /** In [0, 1). */
  readonly random?: () => number;
}

const ANSWER_MS = 5000;
/** Most soaks are shorter. */
const SILENCE_MS = 60_000;
const TIMEOUT_SECONDS = 300;
const BACKOFF = { minMs: 100, maxMs: 1000 };

/** Follows the pods that have not succeeded from now on until stopped, whatever becomes of the connection. */
export function watchPods({ transport, nodeName, random = Math.random }: PodsWatchOptions): PodsWatch {
  const pods = new Map<string, SeenPod>();
  const stopping = new AbortController();
  const waiting = new Set<() => void>();

  void follow();
  return { found, stop: () => stopping.abort() };

  async function follow(): Promise<void> {
    for (let failures = 1; !stopping.signal.aborted; failures += 1) {
      try {
        for await (const line of open()) {
          takeIn(line);
        }
      } catch {
        // Opened anew until it is stopped.
      }
      const pauseMs = backoffMs(BACKOFF, failures, random());
      await sleepFor(pauseMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
  }

  /** Version 0: the pods as the API server's cache has them, which costs etcd nothing, and then each change. */
  function open(): AsyncIterable<string> {
    return transport.stream({
      path: '/api/v1/pods',
      query: {
        fieldSelector: `spec.nodeName=${nodeName},status.phase!=Succeeded`,
        watch: 'true',
        resourceVersion: '0',
        timeoutSeconds: String(TIMEOUT_SECONDS),
      },
      answerMs: ANSWER_MS,
      silenceMs: SILENCE_MS,
      signal: stopping.signal,
    });
  }

  function takeIn(line: string): void {
    const event = parseWatchEvent(line);
    if (event.type === 'error') {
      throw event.error;
    }
    if (event.type === 'changed') {
      const pod = parseSeenPod(event.object);
      const earlier = pods.get(pod.uid);
      const hadContainers = earlier !== undefined && (earlier.hadContainers || earlier.hasContainers);
      pods.set(pod.uid, { ...pod, hadContainers });
      for (const look of waiting) {
        look();
      }
    }
  }

  function found(counts: (pod: SeenPod) => boolean, waitMs: number): Promise<readonly SeenPod[]> {
    const { promise, resolve } = Promise.withResolvers<readonly SeenPod[]>();
    const counting = (): readonly SeenPod[] => [...pods.values()].filter((pod) => counts(pod));
    const look = (): void => {
      if (counting().length > 0) {
        end();
      }
    };
    const timer = setTimeout(end, waitMs);
    function end(): void {
      clearTimeout(timer);
      waiting.delete(look);
      resolve(counting());
    }
    waiting.add(look);
    look();
    return promise;
  }
}
