// Reports that a change is under way.

import type { NodeReport } from '../../report/annotations.ts';
import type { Clock } from '../ports.ts';
import type { Publisher } from './publisher.ts';
import type { AgentLog } from '../../report/log.ts';

/** A shorter change is reported only at its end: every report is sent to every client that watches nodes. */
const WORKING_AFTER_MS = 1000;

export interface WorkingReport {
  /** Starts the report and returns at once: a change must not wait for the API server. */
  begin(report: NodeReport): void;
  /** Cancels a report that is still pending: the change is over. */
  end(): void;
}

/** Reports drift, which the change will fix, at once, and a new revision after a second. */
export function createWorkingReport(
  publisher: Publisher,
  clock: Pick<Clock, 'after'>,
  log: Pick<AgentLog, 'warn'>,
): WorkingReport {
  let cancel: (() => void) | undefined;

  function publish(report: NodeReport): void {
    publisher.publish(report).catch((error: unknown) => {
      log.warn({ err: error }, 'The state Working could not be reported');
    });
  }

  return {
    begin(report) {
      if (report.desiredRevision === report.appliedRevision) {
        publish(report);
      } else {
        cancel = clock.after(WORKING_AFTER_MS, () => publish(report));
      }
    },
    end() {
      cancel?.();
      cancel = undefined;
    },
  };
}
