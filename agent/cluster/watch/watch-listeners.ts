// The callbacks that report how a watch goes, and when each is called.

import { isGone } from './watch-event.ts';
import { isFromServer } from './watch-failure.ts';

export interface WatchListeners {
  /** Called for every failure, with the pause before the next try. */
  readonly onError?: (error: unknown, retryInMs: number) => void;
  /** Called when the server answers again after `onError` was, and after its first events. */
  readonly onRecovered?: () => void;
  /** Called with what a callback threw, or what else is a fault of this process. The watch continues with the next event. */
  readonly onFault?: (error: unknown) => void;
}

/** Owns whether the API server is failing, and makes every call to the callbacks of a watch. */
export class Listeners {
  readonly #listeners: WatchListeners;
  readonly #stopped: AbortSignal;
  #isFailing = false;

  constructor(listeners: WatchListeners, stopped: AbortSignal) {
    this.#listeners = listeners;
    this.#stopped = stopped;
  }

  /** Calls nothing once stopped. What a callback throws must not count as a failure of the API server. */
  call<T>(callback: () => T): T | undefined {
    if (this.#stopped.aborted) {
      return undefined;
    }
    try {
      return callback();
    } catch (error) {
      this.#listeners.onFault?.(error);
      return undefined;
    }
  }

  /** The API server answered: reports a recovery when it was failing. */
  answered(): void {
    if (this.#isFailing && !this.#stopped.aborted) {
      this.#isFailing = false;
      this.call(() => this.#listeners.onRecovered?.());
    }
  }

  /** Reports what ended a list or a watch, unless only its version was too old. */
  failed(failure: unknown, retryInMs: number): void {
    if (isGone(failure)) {
      return;
    }
    const { onError, onFault } = this.#listeners;
    this.#isFailing = true;
    this.call(() => (isFromServer(failure) ? onError?.(failure, retryInMs) : onFault?.(failure)));
  }
}
