// Limits how often a function is called.

/**
 * Returns a function that calls `run` immediately, and then at most once every `pauseMs`; a call within the pause is made at
 * its end. After `signal` aborts it does nothing.
 */
export function throttle(run: () => void, pauseMs: number, signal: AbortSignal): () => void {
  let timer: NodeJS.Timeout | undefined;
  let again = false;
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true });

  return function call(): void {
    if (signal.aborted) return;
    if (timer !== undefined) {
      again = true;
      return;
    }
    run();
    timer = setTimeout(() => {
      timer = undefined;
      if (again) {
        again = false;
        call();
      }
    }, pauseMs);
  };
}
