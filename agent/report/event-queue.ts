// Events that the API server has not accepted yet, in their order.

import { errorText } from '../text/error-text.ts';

export interface EventQueue<E> {
  /** Appends Events. Where there are too many, the oldest are dropped. */
  add(events: readonly E[]): void;
  /** Posts one after the other, until one is not accepted. Resolves with true when none is left; never rejects. */
  post(): Promise<boolean>;
  isEmpty(): boolean;
}

/** What an API server that refuses Events for hours may cost in memory, and in old news when it accepts them again. */
const MOST_EVENTS = 20;

/** `post` rejects when the API server did not accept the Event; `warn` is for the log. Call the queue's `post` from one place. */
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
        warn(
          { event: reason },
          `The Event ${reason} is dropped: ${MOST_EVENTS} newer ones wait to be posted.`,
        );
      }
    },
    async post() {
      for (let [next] = waiting; next !== undefined; [next] = waiting) {
        try {
          await post(next);
        } catch (error) {
          const { reason } = next;
          const message = `The Event ${reason} could not be posted. It is tried again with a later report: ${errorText(error)}`;
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
