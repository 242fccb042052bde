// Queues Events until the API server accepts them, in order.

import { errorText } from '../text/error-text.ts';

export interface EventQueue<E> {
  /** Appends Events. Drops the oldest of more than 20. */
  add(events: readonly E[]): void;
  /** Posts one after the other, until one is refused. Resolves with true when none is left; never rejects. */
  post(): Promise<boolean>;
  isEmpty(): boolean;
}

/** Bounds memory when the API server refuses Events for hours, and the number of outdated Events after that. */
const MOST_EVENTS = 20;

/**
 * Returns a queue. `post` must reject when the API server refuses the Event; `warn` writes to the log. Do not overlap calls
 * of the queue's `post`.
 */
export function eventQueue<E extends { readonly reason: string }>(
  post: (event: E) => Promise<void>,
  warn: (facts: object, message: string) => void,
): EventQueue<E> {
  let waiting: readonly E[] = [];

  return {
    add(events) {
      const all = [...waiting, ...events];
      waiting = all.slice(-MOST_EVENTS);
      for (const { reason } of all.slice(0, -MOST_EVENTS)) {
        warn({ event: reason }, `Dropped the Event ${reason}: ${MOST_EVENTS} newer ones wait to be posted.`);
      }
    },
    async post() {
      for (let [next] = waiting; next !== undefined; [next] = waiting) {
        try {
          await post(next);
        } catch (error) {
          const { reason } = next;
          const message = `Posting the Event ${reason} failed. It is retried with a later report: ${errorText(error)}`;
          warn({ event: reason, err: error }, message);
          return false;
        }
        const posted = next;
        waiting = waiting.filter((one) => one !== posted);
      }
      return true;
    },
    isEmpty: () => waiting.length === 0,
  };
}
