// Time as use cases see it: host/ implements it, tests fake it.

export interface Clock {
  now(): Date;
  /** By the host's CLOCK_MONOTONIC, as systemd tells times too; unlike `now` it never goes back. */
  monotonicMs(): number;
  /** Resolves after `ms`; never earlier. */
  sleep(ms: number): Promise<void>;
  /** Calls back once after `ms`, unless the returned function was called before. */
  after(ms: number, callback: () => void): () => void;
}
