// Answers that come late.

/** Numbers questions, so that a late answer does not replace that of a later question. */
export class Latest {
  #last = 0;

  /** Call before a question. Returns whether no other was asked since. */
  ask(): () => boolean {
    const own = ++this.#last;
    return () => own === this.#last;
  }
}
