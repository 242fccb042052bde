// The report that a change is under way.

import type { NodeReport } from '../../report/annotations.ts';
import type { AgentLog, Clock } from '../ports.ts';
import type { Publisher } from './publisher.ts';

/** A change that is over sooner shows its end alone: each report of each node goes to all who watch nodes. */
const WORKING_AFTER_MS = 1000;

export interface WorkingReport {
  /** Returns at once: a change must not hang on the API server. */
  begin(report: NodeReport): void;
  /** The change is over; what was not told by now is not told any more. */
  end(): void;
}

/** Tells at once of drift, which the change is about to heal, and later of a new revision. */
export function createWorkingReport(
  publisher: Publisher,
  clock: Pick<Clock, 'after'>,
  log: Pick<AgentLog, 'warn'>,
): WorkingReport {
  let cancel: (() => void) | undefined;

  function tell(report: NodeReport): void {
    publisher.publish(report).catch((error: unknown) => {
      log.warn({ err: error }, 'The state Working could not be reported');
    });
  }

  return {
    begin(report) {
      if (report.desiredRevision === report.appliedRevision) {
        tell(report);
      } else {
        cancel = clock.after(WORKING_AFTER_MS, () => tell(report));
      }
    },
    end() {
      cancel?.();
      cancel = undefined;
    },
  };
}
