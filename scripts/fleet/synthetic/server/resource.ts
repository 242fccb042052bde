// What the server serves, and how it refuses.

import type { Collection } from './collection.ts';

export interface Resource {
  readonly kind: string;
  readonly apiVersion: string;
  readonly objects: Collection;
}

/** Becomes a Status with this HTTP status. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}
