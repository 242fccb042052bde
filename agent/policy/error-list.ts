// Everything that is wrong with a ConfigMap, collected; a hopeless one must not fill an Event or a terminal.

import type { PolicyError } from './policy.ts';

const MOST_ERRORS = 50;

export class ErrorList {
  readonly #errors: PolicyError[] = [];
  #left = 0;

  /** Notes an error. The message is asked for only if it will be shown, so it may be costly. */
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

  /** True when an error of this key was noted among the first 50. */
  has(key: string): boolean {
    return this.#errors.some((error) => error.key === key);
  }

  /** The first 50, those of one key together and by line, then one that counts the rest. */
  list(): readonly PolicyError[] {
    const keys = [...new Set(this.#errors.map(({ key }) => key))];
    const sorted = this.#errors.toSorted(
      (a, b) => keys.indexOf(a.key) - keys.indexOf(b.key) || a.line - b.line,
    );
    return this.#left === 0
      ? sorted
      : [...sorted, { key: '', line: 1, message: `and ${this.#left} more; mend these first.` }];
  }
}
