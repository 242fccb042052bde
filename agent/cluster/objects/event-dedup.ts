// Remembers the Events that were posted recently, so that they are not posted again.

export interface NoteMemory {
  /** True, and `key` is recorded, when it was not recorded within the last `maxAgeMs` and there is room for it. */
  claim(key: string): boolean;
  /** Removes a claim after posting failed. */
  release(key: string): void;
}

/** At most `maxEntries` keys: when full, it refuses new keys until one expires, which also limits the rate of Events. */
export function noteMemory(maxEntries: number, maxAgeMs: number, now: () => number): NoteMemory {
  const sentAt = new Map<string, number>();
  return {
    claim(key) {
      const at = now();
      for (const [old, time] of sentAt) {
        if (at - time >= maxAgeMs) {
          sentAt.delete(old);
        }
      }
      if (sentAt.has(key) || sentAt.size >= maxEntries) {
        return false;
      }
      sentAt.set(key, at);
      return true;
    },
    release(key) {
      sentAt.delete(key);
    },
  };
}
