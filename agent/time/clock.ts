// Time as use cases see it: host/ implements it, tests fake it.

export interface Clock {
  now(): Date;
  /** ms since some instant; unlike `now` it never goes back. */
  monotonicMs(): number;
  /** Resolves after `ms`; never earlier. */
  sleep(ms: number): Promise<void>;
  /** Calls back once after `ms`, unless the returned function was called before. */
  after(ms: number, callback: () => void): () => void;
}
