// Collects the errors of a ConfigMap, at most 50, so that a text of errors alone does not fill an Event or a terminal.

import type { PolicyError } from './policy.ts';

const MOST_ERRORS = 50;

export class ErrorList {
  readonly #errors: PolicyError[] = [];
  #left = 0;

  /** Adds an error. Calls `message` only when the error is among the first 50, so it may be costly. */
  add(key: string, line: number, message: () => string): void {
    if (this.#errors.length < MOST_ERRORS) {
      this.#errors.push({ key, line, message: message() });
    } else {
      this.#left += 1;
    }
  }

  get isEmpty(): boolean {
    return this.#errors.length === 0;
  }

  /** True when one of the first 50 errors is about this key. */
  has(key: string): boolean {
    return this.#errors.some((error) => error.key === key);
  }

  /** Returns the first 50 errors, grouped by key and sorted by line, then one that counts the rest. */
  list(): readonly PolicyError[] {
    const keys = [...new Set(this.#errors.map(({ key }) => key))];
    const sorted = this.#errors.toSorted(
      (a, b) => keys.indexOf(a.key) - keys.indexOf(b.key) || a.line - b.line,
    );
    return this.#left === 0
      ? sorted
      : [...sorted, { key: '', line: 1, message: `and ${this.#left} more errors. Fix these first.` }];
  }
}
