// Actions on one thing, one after the other.

/** Runs the action after all earlier ones with the same key have settled; resolves or rejects as the action does. */
export type InTurn = <T>(key: string, action: () => Promise<T>) => Promise<T>;

/** A queue for each key; a key without actions takes no memory. */
export function createTurns(): InTurn {
  const lastOf = new Map<string, Promise<unknown>>();

  return async (key, action) => {
    const done = (lastOf.get(key) ?? Promise.resolve()).then(action);
    const settled = Promise.allSettled([done]);
    lastOf.set(key, settled);
    try {
      return await done;
    } finally {
      if (lastOf.get(key) === settled) {
        lastOf.delete(key);
      }
    }
  };
}
