// Until when this process leads: it stops in time by its own clock, whatever the API server does.

import type { Clock } from '../../time/clock.ts';
import type { AgentLog } from '../../report/log.ts';

export interface Leadership {
  /** Whether this process may act at this very moment. */
  isLeading(): boolean;
  /** It has led, and was not told yet that it does no longer. */
  holds(): boolean;
  /** `untilMs` counts from before the write was sent: the others count from when they saw it, which is later. */
  extend(untilMs: number): void;
  end(why: string): void;
  /** Ends without a word to anyone. Returns whether it led. */
  drop(): boolean;
}

export interface LeadershipPorts {
  readonly clock: Pick<Clock, 'monotonicMs' | 'after'>;
  readonly log: AgentLog;
}

export function createLeadership(
  { clock, log }: LeadershipPorts,
  {
    identity,
    onLeading,
    onLost,
  }: { readonly identity: string; readonly onLeading: () => void; readonly onLost: () => void },
): Leadership {
  let leadsUntilMs: number | undefined;
  let cancelEnd: (() => void) | undefined;

  function end(why: string): void {
    cancelEnd?.();
    if (leadsUntilMs !== undefined) {
      leadsUntilMs = undefined;
      log.warn({ identity }, `This coordinator leads no longer: ${why}`);
      onLost();
    }
  }

  return {
    isLeading: () => leadsUntilMs !== undefined && clock.monotonicMs() < leadsUntilMs,
    holds: () => leadsUntilMs !== undefined,
    extend(untilMs) {
      cancelEnd?.();
      if (clock.monotonicMs() >= untilMs) {
        end('the lease was renewed too late');
        return;
      }
      const isNew = leadsUntilMs === undefined;
      leadsUntilMs = untilMs;
      cancelEnd = clock.after(untilMs - clock.monotonicMs(), () =>
        end('the lease could not be renewed in time'),
      );
      if (isNew) {
        log.info({ identity }, 'This coordinator leads');
        onLeading();
      }
    },
    end,
    drop() {
      cancelEnd?.();
      const led = leadsUntilMs !== undefined;
      leadsUntilMs = undefined;
      return led;
    },
  };
}
