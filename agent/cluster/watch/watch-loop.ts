// Following objects for ever: list, watch, and come back from whatever the network and the API server do.

import { setTimeout as sleepFor } from 'node:timers/promises';
import { backoffMs, type Backoff } from './backoff.ts';
import { ApiError } from '../http/errors.ts';
import type { JsonObject } from '../http/json.ts';
import type { OnUnreadable } from '../objects/readable.ts';
import type { Transport } from '../http/transport.ts';
import { isGone, parseWatchEvent } from './watch-event.ts';
import { isFromServer, isSilence, keepsVersion } from './watch-failure.ts';

/** What of the API is followed, and who is told. What `list` rejects with counts as a failure of the API server. */
export interface Followed {
  /** The collection, `/api/v1/nodes`. */
  readonly path: string;
  /** What every watch asks for, such as a fieldSelector. */
  readonly query: Readonly<Record<string, string>>;
  /** Called before each list. */
  readonly listing?: (() => void) | undefined;
  list(signal: AbortSignal, answerMs: number): Promise<Listing>;
  /** Takes in one object that is new or has changed. */
  changed(object: JsonObject): void;
  /** Takes in that an object is gone. */
  deleted(object: JsonObject): void;
}

export interface Listing {
  /** Where a watch resumes. */
  readonly version: string;
  /** Takes in what was listed. True when that was not known. */
  takeIn(): boolean;
}

/** How a watch goes about it; all have defaults. */
export interface WatchOptions {
  readonly transport: Pick<Transport, 'stream'>;
  /** Called for every failure, with the pause before the next try. */
  readonly onError?: (error: unknown, retryInMs: number) => void;
  /** Called when the server answers again after `onError` was, and after what it has to tell. */
  readonly onRecovered?: () => void;
  /** Called with what a callback threw, or what else is a fault of this process. The watch goes on with the next event. */
  readonly onFault?: (error: unknown) => void;
  /** Called once for an object that cannot be read; it is skipped. */
  readonly onUnreadable?: OnUnreadable;
  /** A watch lasts this long and up to twice as long, so that a fleet's do not end together. */
  readonly timeoutSeconds?: number;
  /** API servers send a bookmark about once a minute: a connection silent for longer is given up, and listed anew. */
  readonly silenceMs?: number;
  /** A list, and the head of a watch, may take this long. */
  readonly answerMs?: number;
  /** A watch that lasted this long clears the count of failures. */
  readonly healthyMs?: number;
  readonly backoff?: Backoff;
  /** In [0, 1). */
  readonly random?: () => number;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface Watch {
  /** Closes the connection and stops every timer; nothing is called any more. */
  stop(): void;
  /** Resolves after the first list; stays pending when stopped before. */
  readonly synced: Promise<void>;
}

const DEFAULTS = {
  timeoutSeconds: 1800,
  silenceMs: 90_000,
  // An API server may let a request wait for a quarter of its own minute; after that it says 429.
  answerMs: 16_000,
  healthyMs: 10_000,
  // A thousand nodes whose API server is away ask 400 times a second with this; their kubelets try 500 times a second to
  // write their status alone (kubelet_node_status.go). When it is back, half of the nodes know after 3 s, all after 10 s.
  backoff: { minMs: 250, maxMs: 10_000 },
  random: Math.random,
  now: () => performance.now(),
  sleep: async (ms: number, signal: AbortSignal) => {
    await sleepFor(ms, undefined, { signal });
  },
};

/** However long a server asks to be left alone, we look again after this. */
const MAX_RETRY_AFTER_MS = 120_000;
/**
 * A quiet watch need not be a dead one: an API server has bookmarks to send only while its etcd reports progress, for
 * which kubeadm asks every 5 s, but etcd's default is 10 min. So silence that hid nothing doubles our patience, up to
 * this; a lost connection is found earlier by TCP's probes.
 */
const MAX_SILENCE_MS = 1_200_000;

/** Follows until stopped. Each failure costs one request and a pause with full jitter. */
export function watchLoop(followed: Followed, options: WatchOptions): Watch {
  const { transport, onError, onRecovered, onFault } = options;
  const settings = { ...DEFAULTS, ...options };
  const { timeoutSeconds, silenceMs, answerMs, healthyMs, backoff, random, now, sleep } = settings;
  const stopping = new AbortController();
  const synced = Promise.withResolvers<void>();

  /** Where to resume; undefined: list first. */
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
        // A server that only finds our version too old is back: its list need not wait for what failed before.
        failures = resuming && isGone(error) ? 0 : failures;
        await pauseAfter(error);
      }
    }
  }

  async function list(): Promise<string> {
    call(() => followed.listing?.());
    const listing = await followed.list(stopping.signal, answerMs);
    const isNews = call(() => listing.takeIn()) ?? true;
    if (wasSilent) {
      wasSilent = false;
      patienceMs = isNews ? silenceMs : Math.min(patienceMs * 2, Math.max(silenceMs, MAX_SILENCE_MS));
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

  /** Calls nothing once stopped. What a callback throws must not count as a failure of the API server. */
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

  /** Takes in how a watch ended (undefined: in good order) and waits before the next one. */
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
    // What the server asks for is a floor, and jitter comes on top: it asks everybody for the same.
    const asked = failure instanceof ApiError ? (failure.retryAfterMs ?? 0) : 0;
    const pauseMs = Math.min(asked, MAX_RETRY_AFTER_MS) + backoffMs(backoff, failures, random());
    if (failure !== undefined && !isGone(failure)) {
      isFailing = true;
      call(() => (isFromServer(failure) ? onError?.(failure, pauseMs) : onFault?.(failure)));
    }
    // An aborted pause means stop(), which the loop sees.
    await sleep(pauseMs, stopping.signal).catch(() => undefined);
  }
}
