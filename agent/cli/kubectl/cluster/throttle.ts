// Many changes, told together.

/**
 * A function that calls `tell` at once, and however often it is called then, every `pauseMs` at most; the last call is
 * never lost. Aborting ends it.
 */
export function throttle(tell: () => void, pauseMs: number, signal: AbortSignal): () => void {
  let timer: NodeJS.Timeout | undefined;
  let again = false;
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true });

  return function call(): void {
    if (signal.aborted) return;
    if (timer !== undefined) {
      again = true;
      return;
    }
    tell();
    timer = setTimeout(() => {
      timer = undefined;
      if (again) {
        again = false;
        call();
      }
    }, pauseMs);
  };
}
