// A level-triggered loop: any number of wake-ups while a look is under way make one more look, never two at once.

import type { Clock } from './clock.ts';

export interface Loop {
  /** Look now, or once more after the look that is under way. */
  wake(): void;
  /** Look in `ms` at the latest. */
  wakeAfter(ms: number): void;
  /** No look begins any more; resolves when the one under way has ended. */
  stop(): Promise<void>;
}

/** `look` returns the ms until the next look that nothing need cause; it must not reject. */
export function createLoop(clock: Clock, look: () => Promise<number>): Loop {
  let wanted = false;
  let looking: Promise<void> | undefined;
  let stopped = false;
  let timer: { readonly due: number; readonly cancel: () => void } | undefined;

  function wake(): void {
    wanted = true;
    if (!stopped) {
      looking ??= lookWhileWanted();
    }
  }

  async function lookWhileWanted(): Promise<void> {
    while (wanted && !stopped) {
      wanted = false;
      wakeAfter(await look());
    }
    looking = undefined;
  }

  function wakeAfter(ms: number): void {
    const due = clock.monotonicMs() + ms;
    if (stopped || (timer !== undefined && timer.due <= due)) {
      return;
    }
    timer?.cancel();
    const cancel = clock.after(ms, () => {
      timer = undefined;
      wake();
    });
    timer = { due, cancel };
  }

  return {
    wake,
    wakeAfter,
    async stop() {
      stopped = true;
      timer?.cancel();
      await looking;
    },
  };
}
