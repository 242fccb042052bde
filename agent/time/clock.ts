// Time as use cases see it: host/ implements it, tests fake it.

export interface Clock {
  now(): Date;
  /** The host's CLOCK_MONOTONIC, in ms, which systemd uses too; unlike `now` it never goes back. */
  monotonicMs(): number;
  /** Resolves after `ms`; never earlier. */
  sleep(ms: number): Promise<void>;
  /** Calls back once after `ms`, unless the returned function was called before. */
  after(ms: number, callback: () => void): () => void;
}
