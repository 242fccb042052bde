// What protects a change: its journal, the rollback timer, and the unit that undoes it at the next boot.

import { errorText } from '../../text/error-text.ts';
import type { Journal } from '../state/journal.ts';
import type { StateStore } from '../state/state-store.ts';
import type { Clock, RollbackTimer } from '../ports.ts';

export interface ArmPorts {
  readonly stateStore: StateStore;
  readonly rollbackTimer: RollbackTimer;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

/** What the timer allows beside the soak, in seconds: the kubelet's stop (120), healthz (60) and report (45), at the longest. */
const ROLLBACK_SECONDS = 240;
/** An armed timer that is older than this begins again before the restart. */
const FRESH_MS = 10_000;

/** The host took the journal and undoes the change. */
export class UndoneByHostError extends Error {
  override readonly name = 'UndoneByHostError';
}

/**
 * Writes the journal, then starts the timer and installs the boot unit. When one of them fails, throws with nothing changed
 * and removes the others.
 */
export async function armChange(ports: ArmPorts, journal: Journal): Promise<void> {
  try {
    await ports.stateStore.begin(journal);
    await restartTimer(ports, journal);
  } catch (error) {
    // Without the journal a timer that stays behind undoes nothing.
    await ports.stateStore.commit().catch(() => {});
    await ports.rollbackTimer.disarm(journal.unit).catch(() => {});
    throw new Error(
      `The change was not begun, because it could not be made reversible: ${errorText(error)}`,
      {
        cause: error,
      },
    );
  }
}

/** Starts the timer's whole time again, and the boot unit is there afterwards. */
export function restartTimer(
  { rollbackTimer }: Pick<ArmPorts, 'rollbackTimer'>,
  journal: Journal,
): Promise<void> {
  return rollbackTimer.arm(journal.unit, journal.file, ROLLBACK_SECONDS + journal.nodeSoakSeconds);
}

/**
 * Call right before a restart: journal, timer and boot unit stand when this returns, and the timer has most of its time left.
 * `armedAtMs` is the monotonic time at which the change was armed. Throws an UndoneByHostError when the timer has run out.
 */
export async function expectArmed(ports: ArmPorts, journal: Journal, armedAtMs: number): Promise<void> {
  if (ports.clock.monotonicMs() - armedAtMs > FRESH_MS) {
    await restartTimer(ports, journal);
  }
  const open = await ports.stateStore.open();
  if (open?.holder !== 'unclaimed') {
    throw new UndoneByHostError(`The rollback timer ran out before ${journal.unit} was restarted`);
  }
}

/** The change is over: removes the journal, then timer and boot unit. Returns false when the host has begun to undo the change. */
export async function commit({ stateStore, rollbackTimer }: ArmPorts, { unit }: Journal): Promise<boolean> {
  const committed = await stateStore.commit();
  if (committed) {
    await rollbackTimer.disarm(unit);
  }
  return committed;
}
