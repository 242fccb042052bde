// A queue of actions for each key.

/** Runs the action after all earlier ones with the same key have settled. Resolves or rejects as the action does. */
export type InTurn = <T>(key: string, action: () => Promise<T>) => Promise<T>;

/** An empty set of queues. A key without pending actions takes no memory. */
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
