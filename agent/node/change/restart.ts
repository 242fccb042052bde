// Restarts the kubelet's unit, also where systemd has started it too often (StartLimitBurst=).

import type { Systemd } from '../ports.ts';

/**
 * Restarts the unit if it runs. When that start is one too many for the unit's limit, resets the limit and starts the unit, because
 * the restart has stopped it. Throws as Systemd.
 */
export async function restartUnit(systemd: Systemd, unit: string): Promise<void> {
  try {
    await systemd.tryRestart(unit);
  } catch (error) {
    // The result of a unit that has reached its limit is that of the failure before it.
    if ((await systemd.status(unit)).activeState !== 'failed') {
      throw error;
    }
    await systemd.startFailed(unit);
  }
}

/** Restarts the unit, or starts it if it has failed, before the call or during it. Throws as Systemd. */
export async function restartOrStartFailed(systemd: Systemd, unit: string): Promise<void> {
  const hasFailed = async (): Promise<boolean> => (await systemd.status(unit)).activeState === 'failed';
  if (!(await hasFailed())) {
    await restartUnit(systemd, unit);
  }
  // try-restart does nothing to a unit that failed meanwhile, and succeeds.
  if (await hasFailed()) {
    await systemd.startFailed(unit);
  }
}
