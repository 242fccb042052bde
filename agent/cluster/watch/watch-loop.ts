// Watches objects: list, watch, and recover from failures of the network and the API server.

import { setTimeout as sleepFor } from 'node:timers/promises';
import type { Backoff } from './backoff.ts';
import type { JsonObject } from '../http/json.ts';
import type { OnUnreadable } from '../objects/readable.ts';
import type { Transport } from '../http/transport.ts';
import { ResumeVersion } from './resume-version.ts';
import { RetryPauses } from './retry-pauses.ts';
import { SilenceTimeout } from './silence-timeout.ts';
import { isGone, parseWatchEvent } from './watch-event.ts';
import { Listeners, type WatchListeners } from './watch-listeners.ts';

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

/** How a watch goes about it; all have defaults. */
export interface WatchOptions extends WatchListeners {
  readonly transport: Pick<Transport, 'stream'>;
  /** Called once for an object that cannot be read; it is skipped. */
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

/** What one watch follows, how, and the owners of its state. */
interface Loop {
  readonly followed: Followed;
  readonly transport: Pick<Transport, 'stream'>;
  readonly settings: Required<Pick<WatchOptions, keyof typeof DEFAULTS>>;
  /** Aborted by `stop`. */
  readonly stopped: AbortSignal;
  /** Called after every list. */
  readonly synced: () => void;
  readonly version: ResumeVersion;
  readonly pauses: RetryPauses;
  readonly silence: SilenceTimeout;
  readonly listeners: Listeners;
}

/** Watches until stopped. Each failure costs one request and a pause with full jitter. */
export function watchLoop(followed: Followed, options: WatchOptions): Watch {
  const settings = { ...DEFAULTS, ...options };
  const stopping = new AbortController();
  const synced = Promise.withResolvers<void>();
  void run({
    followed,
    transport: options.transport,
    settings,
    stopped: stopping.signal,
    synced: synced.resolve,
    version: new ResumeVersion(),
    pauses: new RetryPauses(settings),
    silence: new SilenceTimeout(settings),
    listeners: new Listeners(options, stopping.signal),
  });
  return { stop: () => stopping.abort(), synced: synced.promise };
}

async function run(loop: Loop): Promise<void> {
  const { stopped, version, pauses } = loop;
  while (!stopped.aborted) {
    pauses.begin();
    const resumeFrom = version.current;
    try {
      await follow(loop, resumeFrom ?? (await list(loop)));
      await pauseAfter(loop, undefined);
    } catch (error) {
      // A server that only finds our version too old is back: its list need not wait for what failed before.
      if (resumeFrom !== undefined && isGone(error)) {
        pauses.forgetFailures();
      }
      await pauseAfter(loop, error);
    }
  }
}

/** Lists, and returns where a watch resumes. */
async function list(loop: Loop): Promise<string> {
  const { followed, listeners } = loop;
  listeners.call(() => followed.listing?.());
  const listing = await followed.list(loop.stopped, loop.settings.answerMs);
  const isNews = listeners.call(() => listing.takeIn()) ?? true;
  loop.silence.listed(isNews);
  loop.synced();
  listeners.answered();
  loop.version.advance(listing.version);
  return listing.version;
}

/** Takes in the events of one watch, until the server ends it. */
async function follow(loop: Loop, from: string): Promise<void> {
  const { followed, version, silence, listeners } = loop;
  for await (const line of open(loop, from)) {
    const event = parseWatchEvent(line);
    if (event.type === 'error') {
      version.drop();
      throw event.error;
    }
    if (event.type === 'bookmark') {
      silence.bookmark();
    } else {
      const { type, object } = event;
      listeners.call(() => followed[type](object));
    }
    version.advance(event.version);
  }
}

/** The lines of a watch that resumes at `from`. */
function open(loop: Loop, from: string): AsyncIterable<string> {
  const { timeoutSeconds, answerMs, random } = loop.settings;
  const seconds = Math.round(timeoutSeconds * (1 + random()));
  return loop.transport.stream({
    path: loop.followed.path,
    query: {
      ...loop.followed.query,
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: from,
      timeoutSeconds: String(seconds),
    },
    answerMs,
    silenceMs: loop.silence.begin(),
    onOpen: () => {
      loop.pauses.opened();
      loop.listeners.answered();
    },
    signal: loop.stopped,
  });
}

/** Takes in how a watch ended (undefined: in good order) and waits before the next one. */
async function pauseAfter(loop: Loop, failure: unknown): Promise<void> {
  if (loop.stopped.aborted) {
    return;
  }
  const pauseMs = loop.pauses.nextMs(failure);
  if (failure !== undefined) {
    loop.version.failed(failure);
    loop.silence.failed(failure);
    loop.listeners.failed(failure, pauseMs);
  }
  // An aborted pause means stop(), which the loop sees.
  await loop.settings.sleep(pauseMs, loop.stopped).catch(() => undefined);
}
