// Cancels a request for one of several reasons.

/** An AbortController that also follows `parent` until `dispose`. AbortSignal.any would keep the parent's listeners alive too long. */
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
