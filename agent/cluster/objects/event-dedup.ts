// What was said lately, so that it is not said again.

export interface NoteMemory {
  /** True when `key` was not said within the last `maxAgeMs` and there is room to remember it; it then counts as said. */
  claim(key: string): boolean;
  /** Takes a claim back, because saying it failed. */
  release(key: string): void;
}

/** A full memory claims nothing more until something in it is old enough: it bounds how much is said as well. */
export function noteMemory(maxEntries: number, maxAgeMs: number, now: () => number): NoteMemory {
  const saidAt = new Map<string, number>();
  return {
    claim(key) {
      const at = now();
      for (const [old, time] of saidAt) {
        if (at - time >= maxAgeMs) {
          saidAt.delete(old);
        }
      }
      if (saidAt.has(key) || saidAt.size >= maxEntries) {
        return false;
      }
      saidAt.set(key, at);
      return true;
    },
    release(key) {
      saidAt.delete(key);
    },
  };
}
