// Concurrent steps that end together.

/**
 * As Promise.all, but it resolves or rejects only when every promise has settled, so that no step still runs when the caller continues.
 * Rejects with the error of the first that failed in the order given.
 */
export async function settleAll<T extends readonly unknown[] | []>(
  promises: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}
