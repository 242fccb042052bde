// Watches objects: list, watch, and recover from failures of the network and the API server.

import { setTimeout as sleepFor } from 'node:timers/promises';
import { backoffMs, type Backoff } from './backoff.ts';
import { ApiError } from '../http/errors.ts';
import type { JsonObject } from '../http/json.ts';
import type { OnUnreadable } from '../objects/readable.ts';
import type { Transport } from '../http/transport.ts';
import { isGone, parseWatchEvent } from './watch-event.ts';
import { isFromServer, isSilence, keepsVersion } from './watch-failure.ts';

/** The objects to watch and their callbacks. */
export interface Followed {
  /** The collection, `/api/v1/nodes`. */
  readonly path: string;
  /** Query of every watch, such as a fieldSelector. */
  readonly query: Readonly<Record<string, string>>;
  /** Called before each list. */
  readonly listing?: (() => void) | undefined;
  /** Lists the objects within `answerMs`. A rejection is retried with backoff. */
  list(signal: AbortSignal, answerMs: number): Promise<Listing>;
  /** Called with an object that is new or has changed. */
  changed(object: JsonObject): void;
  /** Called with an object that was deleted. */
  deleted(object: JsonObject): void;
}

export interface Listing {
  /** The version from which a watch resumes. */
  readonly version: string;
  /** Applies the list. Returns true when it differs from the known objects. */
  takeIn(): boolean;
}

/** Options of a watch; all but `transport` have defaults. */
export interface WatchOptions {
  readonly transport: Pick<Transport, 'stream'>;
  /** Called for every failure, with the delay before the next retry. */
  readonly onError?: (error: unknown, retryInMs: number) => void;
  /** Called when the server answers again after `onError`. After a list it is called once the list was applied. */
  readonly onRecovered?: () => void;
  /** Called with an error that a callback threw, or another fault of this process. The watch continues with the next event. */
  readonly onFault?: (error: unknown) => void;
  /** Called once for an object that cannot be parsed; it is skipped. */
  readonly onUnreadable?: OnUnreadable;
  /** A watch lasts this long, and up to twice as long by jitter, so that a fleet's watches do not end together. */
  readonly timeoutSeconds?: number;
  /** API servers send a bookmark about once a minute: a connection that is silent for longer is closed, and the objects are listed again. */
  readonly silenceMs?: number;
  /** Timeout of a list and of the response head of a watch. */
  readonly answerMs?: number;
  /** A watch that lasted this long resets the backoff. */
  readonly healthyMs?: number;
  readonly backoff?: Backoff;
  /** In [0, 1). */
  readonly random?: () => number;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface Watch {
  /** Closes the connection and stops every timer. No callback is called afterwards. */
  stop(): void;
  /** Resolves after the first list; remains pending when stopped before it. */
  readonly synced: Promise<void>;
}

const DEFAULTS = {
  timeoutSeconds: 1800,
  silenceMs: 90_000,
  // An API server may queue a request for a quarter of its own minute; after that it answers 429.
  answerMs: 16_000,
  healthyMs: 10_000,
  // With this backoff a thousand nodes send 400 requests a second to an unavailable API server; their kubelets send 500 a second for
  // their status alone (kubelet_node_status.go). Once it is back, half of the nodes reconnect within 3 s, all within 10 s.
  backoff: { minMs: 250, maxMs: 10_000 },
  random: Math.random,
  now: () => performance.now(),
  sleep: async (ms: number, signal: AbortSignal) => {
    await sleepFor(ms, undefined, { signal });
  },
};

/** The longest Retry-After that is respected. */
const MAX_RETRY_AFTER_MS = 120_000;
/**
 * The longest allowed silence. An API server sends bookmarks only while its etcd reports progress: kubeadm sets an interval
 * of 5 s, etcd's default is 10 min. So silence that hid no change doubles the allowed silence, up to this limit. TCP's probes
 * detect a lost connection earlier.
 */
const MAX_SILENCE_MS = 1_200_000;

/** Watches until stopped. Each failure costs one request and a pause with full jitter. */
export function watchLoop(followed: Followed, options: WatchOptions): Watch {
  const { transport, onError, onRecovered, onFault } = options;
  const settings = { ...DEFAULTS, ...options };
  const { timeoutSeconds, silenceMs, answerMs, healthyMs, backoff, random, now, sleep } = settings;
  const stopping = new AbortController();
  const synced = Promise.withResolvers<void>();

  /** The version to resume from; undefined: list first. */
  let version: string | undefined;
  let openedAt: number | undefined;
  let failures = 0;
  let patienceMs = silenceMs;
  let wasSilent = false;
  let isFailing = false;

  void run();
  return { stop: () => stopping.abort(), synced: synced.promise };

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      openedAt = undefined;
      const resuming = version !== undefined;
      try {
        version ??= await list();
        await follow(version);
        await pauseAfter(undefined);
      } catch (error) {
        // 410 means the server is up: reset the backoff.
        failures = resuming && isGone(error) ? 0 : failures;
        await pauseAfter(error);
      }
    }
  }

  async function list(): Promise<string> {
    call(() => followed.listing?.());
    const listing = await followed.list(stopping.signal, answerMs);
    const isChanged = call(() => listing.takeIn()) ?? true;
    if (wasSilent) {
      wasSilent = false;
      patienceMs = isChanged ? silenceMs : Math.min(patienceMs * 2, Math.max(silenceMs, MAX_SILENCE_MS));
    }
    synced.resolve();
    answered();
    return listing.version;
  }

  async function follow(from: string): Promise<void> {
    const seconds = Math.round(timeoutSeconds * (1 + random()));
    const stream = transport.stream({
      path: followed.path,
      query: {
        ...followed.query,
        watch: 'true',
        allowWatchBookmarks: 'true',
        resourceVersion: from,
        timeoutSeconds: String(seconds),
      },
      answerMs,
      silenceMs: patienceMs,
      onOpen: () => {
        openedAt = now();
        answered();
      },
      signal: stopping.signal,
    });
    let bookmarkAt: number | undefined;
    for await (const line of stream) {
      const event = parseWatchEvent(line);
      if (event.type === 'error') {
        version = undefined;
        throw event.error;
      }
      if (event.type === 'bookmark') {
        const isInTime = bookmarkAt !== undefined && now() - bookmarkAt <= silenceMs;
        patienceMs = isInTime ? silenceMs : patienceMs;
        bookmarkAt = now();
      } else {
        const { type, object } = event;
        call(() => followed[type](object));
      }
      version = event.version ?? version;
    }
  }

  function answered(): void {
    if (isFailing && !stopping.signal.aborted) {
      isFailing = false;
      call(() => onRecovered?.());
    }
  }

  /** Calls nothing once stopped. An error of a callback must not count as a failure of the API server. */
  function call<T>(callback: () => T): T | undefined {
    if (stopping.signal.aborted) {
      return undefined;
    }
    try {
      return callback();
    } catch (error) {
      onFault?.(error);
      return undefined;
    }
  }

  /** Records how a watch ended (undefined: normally) and waits before the next one. */
  async function pauseAfter(failure: unknown): Promise<void> {
    if (stopping.signal.aborted) {
      return;
    }
    const wasHealthy = openedAt !== undefined && now() - openedAt >= healthyMs;
    failures = wasHealthy ? 1 : failures + 1;
    if (failure !== undefined && !keepsVersion(failure)) {
      version = undefined;
    }
    wasSilent ||= isSilence(failure);
    // Retry-After is a minimum and jitter is added: the server sends all clients the same value.
    const retryAfterMs = failure instanceof ApiError ? (failure.retryAfterMs ?? 0) : 0;
    const pauseMs = Math.min(retryAfterMs, MAX_RETRY_AFTER_MS) + backoffMs(backoff, failures, random());
    if (failure !== undefined && !isGone(failure)) {
      isFailing = true;
      call(() => (isFromServer(failure) ? onError?.(failure, pauseMs) : onFault?.(failure)));
    }
    // The pause is aborted only by stop(), which the loop checks.
    await sleep(pauseMs, stopping.signal).catch(() => undefined);
  }
}
