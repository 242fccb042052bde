// What protects a change: its journal, the rollback timer, and the unit that undoes it at the next boot.

import { errorText } from '../../text/error-text.ts';
import type { Journal } from '../state/journal.ts';
import type { OpenChange, StateStore } from '../state/state-store.ts';
import type { Clock, RollbackTimer } from '../ports.ts';

export interface ArmPorts {
  readonly stateStore: StateStore;
  readonly rollbackTimer: RollbackTimer;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

/** Time of the rollback timer without the soak, in seconds: the longest stop of the kubelet (120), healthz (60) and report (45). */
const ROLLBACK_SECONDS = 240;
/** A timer armed longer ago than this is restarted before the kubelet, in ms. */
const FRESH_MS = 10_000;

/** The host's script claimed the journal, and undoes the change or has undone it. */
export class UndoneByHostError extends Error {
  override readonly name = 'UndoneByHostError';
}

/**
 * Writes the journal, then starts the timer and installs the boot unit. When one of them fails, removes the
 * others and throws; the host is then as before.
 */
export async function armChange(ports: ArmPorts, journal: Journal): Promise<void> {
  try {
    await ports.stateStore.begin(journal);
    await restartTimer(ports, journal);
  } catch (error) {
    // Without the journal a timer that could not be removed undoes nothing.
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

/** Restarts the timer with its whole time, and installs the boot unit if it is missing. */
export function restartTimer(
  { rollbackTimer }: Pick<ArmPorts, 'rollbackTimer'>,
  journal: Journal,
): Promise<void> {
  return rollbackTimer.arm(journal.unit, journal.file, ROLLBACK_SECONDS + journal.nodeSoakSeconds);
}

/**
 * Call right before a restart. When it returns, journal, timer and boot unit are in place and the timer has most of its time left.
 * `armedAfterMs` is a monotonic time right before the change was armed: arming itself may take long. Throws as `expectHeld`.
 */
export async function expectArmed(ports: ArmPorts, open: OpenChange, armedAfterMs: number): Promise<void> {
  if (ports.clock.monotonicMs() - armedAfterMs > FRESH_MS) {
    await restartTimer(ports, open.journal);
  }
  await expectHeld(ports, open);
}

/**
 * Call right before a restart, and after the timer was restarted. Throws an UndoneByHostError when the journal has another holder than
 * when the agent began: the host's script then undoes the change, and restarts the kubelet itself.
 */
export async function expectHeld(
  { stateStore }: Pick<ArmPorts, 'stateStore'>,
  { journal: { unit }, holder }: OpenChange,
): Promise<void> {
  const open = await stateStore.open();
  if (open?.holder !== holder) {
    throw new UndoneByHostError(
      `The host began to undo the change before the agent restarted ${unit}; the agent retries.`,
    );
  }
}

/** Ends the change: removes the journal, then timer and boot unit. Returns false when the host has begun to undo the change. */
export async function commit({ stateStore, rollbackTimer }: ArmPorts, { unit }: Journal): Promise<boolean> {
  const committed = await stateStore.commit();
  if (committed) {
    await rollbackTimer.disarm(unit);
  }
  return committed;
}
