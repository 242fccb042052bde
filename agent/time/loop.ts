// A level-triggered loop: any number of wake-ups during a pass cause one more pass; two passes never overlap.

import type { Clock } from './clock.ts';

export interface Loop {
  /** Makes a pass now, or one more after the pass that runs. */
  wake(): void;
  /** Makes a pass in `ms` at the latest. */
  wakeAfter(ms: number): void;
  /** Starts no further pass; resolves when the one that runs has ended. */
  stop(): Promise<void>;
}

/** `pass` resolves to the ms until the next pass if nothing wakes the loop earlier; it must not reject. */
export function createLoop(clock: Clock, pass: () => Promise<number>): Loop {
  let wanted = false;
  let running: Promise<void> | undefined;
  let stopped = false;
  let timer: { readonly due: number; readonly cancel: () => void } | undefined;

  function wake(): void {
    wanted = true;
    if (!stopped) {
      running ??= passWhileWanted();
    }
  }

  async function passWhileWanted(): Promise<void> {
    while (wanted && !stopped) {
      wanted = false;
      wakeAfter(await pass());
    }
    running = undefined;
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
      await running;
    },
  };
}
