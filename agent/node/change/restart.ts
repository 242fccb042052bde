// Restarts the kubelet's unit, also where systemd has started it too often (StartLimitBurst=) or another program's job takes the place of the restart.

import { errorText } from '../../text/error-text.ts';
import type { Clock, Systemd } from '../ports.ts';
import type { Journal } from '../state/journal.ts';
import { nextStart } from './ended-by.ts';

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

/**
 * Restarts the unit. When another program's job took the place of this restart, waits for the start that follows; returns that the
 * kubelet was stopped instead. Throws as `restartUnit`.
 */
export async function restartOrJoin(
  ports: { readonly systemd: Systemd; readonly clock: Clock },
  { unit, invocation }: Pick<Journal, 'unit' | 'invocation'>,
): Promise<string | undefined> {
  try {
    await restartUnit(ports.systemd, unit);
    return undefined;
  } catch (error) {
    if (!/Job for \S+ canceled/u.test(errorText(error))) {
      throw error;
    }
    const next = await nextStart(ports, { name: unit, invocationId: invocation });
    return next === 'stopped' ? `another program stopped ${unit} while the agent restarted it` : undefined;
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
