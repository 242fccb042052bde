// A watch for moments: what it tells from its opening on, until somebody has seen enough.

import { setTimeout as sleepFor } from 'node:timers/promises';
import { backoffMs } from './backoff.ts';
import type { JsonObject } from './fields.ts';
import type { Transport } from './transport.ts';
import { parseWatchEvent } from './watch-event.ts';

export interface FollowOptions {
  readonly transport: Pick<Transport, 'stream'>;
  /** The collection. */
  readonly path: string;
  readonly fieldSelector: string;
  /** Takes in one object as it is now. May throw: the watch is then opened anew. */
  readonly take: (object: JsonObject) => void;
  /** In [0, 1). */
  readonly random?: () => number;
}

/** Of what belongs to one node. */
export interface NodeFollowOptions extends Pick<FollowOptions, 'transport' | 'random'> {
  readonly nodeName: string;
}

export interface Following {
  /** The watch is open, and has been for a second: what changes is told, if anything does. */
  isOpen(): boolean;
  /** True as soon as `holds` does, which is asked now and after each object; false when it does not within `waitMs`. */
  until(holds: () => boolean, waitMs: number): Promise<boolean>;
  stop(): void;
}

const ANSWER_MS = 5000;
/** A kubelet renews its lease every 10 s: a connection that is silent for longer is opened anew. */
const SILENCE_MS = 20_000;
/** A server may open a watch only to say that it cannot be served. */
const OPEN_MS = 1000;
/** Longer than any proof or soak takes. */
const TIMEOUT_SECONDS = 300;
const BACKOFF = { minMs: 100, maxMs: 1000 };

/** Follows from now on until stopped, whatever becomes of the connection. */
export function follow({
  transport,
  path,
  fieldSelector,
  take,
  random = Math.random,
}: FollowOptions): Following {
  const stopping = new AbortController();
  const waiting = new Set<() => void>();
  let openedAt: number | undefined;

  void run();
  return {
    isOpen: () => openedAt !== undefined && performance.now() - openedAt >= OPEN_MS,
    until,
    stop: () => stopping.abort(),
  };

  async function run(): Promise<void> {
    for (let failures = 1; !stopping.signal.aborted; failures += 1) {
      try {
        for await (const line of open()) {
          takeIn(line);
        }
      } catch {
        // Opened anew until it is stopped.
      }
      openedAt = undefined;
      const pauseMs = backoffMs(BACKOFF, failures, random());
      await sleepFor(pauseMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
  }

  /** Version 0: the objects as the API server's cache has them, which costs etcd nothing, and then each change. */
  function open(): AsyncIterable<string> {
    return transport.stream({
      path,
      query: {
        fieldSelector,
        watch: 'true',
        resourceVersion: '0',
        timeoutSeconds: String(TIMEOUT_SECONDS),
      },
      answerMs: ANSWER_MS,
      silenceMs: SILENCE_MS,
      onOpen: () => {
        openedAt = performance.now();
      },
      signal: stopping.signal,
    });
  }

  function takeIn(line: string): void {
    const event = parseWatchEvent(line);
    if (event.type === 'error') {
      throw event.error;
    }
    if (event.type === 'changed') {
      take(event.object);
      for (const look of waiting) {
        look();
      }
    }
  }

  function until(holds: () => boolean, waitMs: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const look = (): void => {
      if (holds()) {
        end(true);
      }
    };
    const timer = setTimeout(() => end(false), waitMs);
    const end = (held: boolean): void => {
      clearTimeout(timer);
      waiting.delete(look);
      resolve(held);
    };
    waiting.add(look);
    look();
    return promise;
  }
}
