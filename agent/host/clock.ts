// The system clock.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../time/clock.ts';

export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => Number(process.hrtime.bigint()) / 1e6,
  sleep: (ms) => sleep(ms),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};
