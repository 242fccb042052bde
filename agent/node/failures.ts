// How long the agent waits after a pass that failed. Host errors and refused reports count apart, each in a row.

export interface Failures {
  /** A pass went through to its report. */
  succeeded(): void;
  /** The host made a pass fail. Returns how often in a row, and the pause in ms. */
  onHostError(): { readonly count: number; readonly pauseMs: number };
  /** The API server did not accept a report; `retryAfterMs` only with a 429. Returns the pause in ms. */
  onRefusedReport(retryAfterMs: number | undefined): number;
}

const ERROR_PAUSE_MS = 1000;
/** Most causes end without an event that would wake the agent. */
const LONGEST_ERROR_PAUSE_MS = 15_000;
const LONGEST_OVERLOAD_PAUSE_MS = 60_000;
const LONGEST_REPORT_PAUSE_MS = 10_000;
const OVERLOAD_PAUSE_MS = 5000;

/** `random` is in [0, 1): after a 429 retries are spread, because every agent of the fleet got the same answer. */
export function createFailures(random: () => number): Failures {
  let host = 0;
  let reports = 0;

  return {
    succeeded() {
      host = 0;
      reports = 0;
    },
    onHostError() {
      host += 1;
      return { count: host, pauseMs: Math.min(ERROR_PAUSE_MS * 2 ** (host - 1), LONGEST_ERROR_PAUSE_MS) };
    },
    onRefusedReport(retryAfterMs) {
      // The pass itself went through.
      host = 0;
      reports += 1;
      const grown = 2 ** (reports - 1);
      if (retryAfterMs === undefined) {
        return random() * Math.min(ERROR_PAUSE_MS * grown, LONGEST_REPORT_PAUSE_MS);
      }
      // Retrying before Retry-After is refused again.
      const asked = Math.min(retryAfterMs, LONGEST_OVERLOAD_PAUSE_MS);
      return asked + random() * Math.min(OVERLOAD_PAUSE_MS * grown, LONGEST_OVERLOAD_PAUSE_MS);
    },
  };
}
