// Cancels a request for one of several reasons.

import { TimeoutError } from './errors.ts';

/** An AbortController that also follows another signal, and lets go of it. AbortSignal.any keeps what it follows alive for too long. */
export class Cancellation {
  readonly #controller = new AbortController();
  readonly #parent: AbortSignal | undefined;
  readonly #follow = (): void => this.cancel(this.#parent?.reason);

  constructor(parent: AbortSignal | undefined) {
    this.#parent = parent;
    if (parent?.aborted === true) {
      this.#follow();
    }
    parent?.addEventListener('abort', this.#follow);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get reason(): unknown {
    return this.#controller.signal.reason;
  }

  cancel(reason: unknown): void {
    this.#controller.abort(reason);
  }

  dispose(): void {
    this.#parent?.removeEventListener('abort', this.#follow);
  }
}

/** Ends one exchange, the reading of its answer included, after `timeoutMs` or when `parent` is aborted. The caller must call `end`. */
export class Deadline {
  readonly #cancellation: Cancellation;
  readonly #timer: NodeJS.Timeout;

  constructor(parent: AbortSignal | undefined, timeoutMs: number) {
    const cancellation = new Cancellation(parent);
    this.#cancellation = cancellation;
    this.#timer = setTimeout(() => cancellation.cancel(new TimeoutError('answer', timeoutMs)), timeoutMs);
  }

  get signal(): AbortSignal {
    return this.#cancellation.signal;
  }

  /** Why the exchange failed: it was ended here, or `error`. */
  failure(error: unknown): unknown {
    return this.#cancellation.reason ?? error;
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#cancellation.dispose();
  }
}
