// Where a watch resumes.

import { keepsVersion } from './watch-failure.ts';

/** Owns the resourceVersion of the last list or event. */
export class ResumeVersion {
  #version: string | undefined;

  /** Where to resume; undefined: list first. */
  get current(): string | undefined {
    return this.#version;
  }

  /** Takes over `version`, if there is one: an object that cannot be read has none. */
  advance(version: string | undefined): void {
    this.#version = version ?? this.#version;
  }

  /** The next try lists. */
  drop(): void {
    this.#version = undefined;
  }

  /** Drops the version unless it is still good after `failure`. */
  failed(failure: unknown): void {
    if (!keepsVersion(failure)) {
      this.drop();
    }
  }
}
