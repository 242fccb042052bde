// The renewals of one node's lease, followed for the moments in which a restarted kubelet is proven.

import { setTimeout as sleepFor } from 'node:timers/promises';
import type { LeaseWatch } from '../node/ports.ts';
import { backoffMs } from './backoff.ts';
import { BadAnswer } from './errors.ts';
import { objectAt, textAt, type JsonObject } from './fields.ts';
import type { Transport } from './transport.ts';
import { parseWatchEvent } from './watch-event.ts';

export interface LeaseWatchOptions {
  readonly transport: Pick<Transport, 'stream'>;
  readonly nodeName: string;
  /** In [0, 1). */
  readonly random?: () => number;
}

const PATH = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
const ANSWER_MS = 5000;
/** A kubelet renews its lease every 10 s: a connection that is silent for longer is opened anew. */
const SILENCE_MS = 20_000;
/** Longer than any proof takes. */
const TIMEOUT_SECONDS = 300;
const BACKOFF = { minMs: 100, maxMs: 1000 };

/** Follows the lease from now on until stopped, whatever becomes of the connection. */
export function watchLease({ transport, nodeName, random = Math.random }: LeaseWatchOptions): LeaseWatch {
  const stopping = new AbortController();
  const waiting = new Set<() => void>();
  let answered = false;
  let renewTime: Date | undefined;

  void follow();
  return {
    answered: () => answered,
    renewed,
    stop: () => stopping.abort(),
  };

  async function follow(): Promise<void> {
    for (let failures = 1; !stopping.signal.aborted; failures += 1) {
      try {
        for await (const line of open()) {
          take(line);
        }
      } catch {
        // Opened anew until it is stopped.
      }
      const pauseMs = backoffMs(BACKOFF, failures, random());
      await sleepFor(pauseMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
  }

  /** Version 0: the lease as the API server's cache has it, which costs etcd nothing, and then each change. */
  function open(): AsyncIterable<string> {
    return transport.stream({
      path: PATH,
      query: {
        fieldSelector: `metadata.name=${nodeName}`,
        watch: 'true',
        resourceVersion: '0',
        timeoutSeconds: String(TIMEOUT_SECONDS),
      },
      answerMs: ANSWER_MS,
      silenceMs: SILENCE_MS,
      onOpen: () => {
        answered = true;
      },
      signal: stopping.signal,
    });
  }

  function take(line: string): void {
    const event = parseWatchEvent(line);
    if (event.type === 'error') {
      throw event.error;
    }
    if (event.type === 'changed') {
      renewTime = renewTimeOf(event.object) ?? renewTime;
      for (const look of waiting) {
        look();
      }
    }
  }

  function renewed(counts: (renewTime: Date) => boolean, waitMs: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const look = (): void => {
      if (renewTime !== undefined && counts(renewTime)) {
        end(true);
      }
    };
    const timer = setTimeout(() => end(false), waitMs);
    const end = (isRenewed: boolean): void => {
      clearTimeout(timer);
      waiting.delete(look);
      resolve(isRenewed);
    };
    waiting.add(look);
    look();
    return promise;
  }
}

function renewTimeOf(lease: JsonObject): Date | undefined {
  const text = textAt(objectAt(lease, 'spec'), 'renewTime');
  if (text === undefined) {
    return undefined;
  }
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) {
    throw new BadAnswer(`Expected the lease's renewTime to be a time, got ${JSON.stringify(text)}`);
  }
  return time;
}
