// Who ended the kubelet: another program, in contrast to an error of its own.

import { kubeletErrorLine } from '../observe/kubelet-log.ts';
import type { Clock, Ending, Systemd, UnitStatus } from '../ports.ts';

/** SIGHUP, SIGINT, SIGKILL and SIGTERM: a kubelet sends none of them to itself. */
const FROM_OUTSIDE: ReadonlyMap<number, string> = new Map([
  [1, 'SIGHUP'],
  [2, 'SIGINT'],
  [9, 'SIGKILL'],
  [15, 'SIGTERM'],
]);

/** Names of services that restart a kubelet: those of OSM, GCE and node-problem-detector. */
const SUPERVISORS = ['*kubelet*', '*node-problem-detector*', '*health-monitor*'];
const OURS = 'kubelet-sysctl-agent';

/**
 * Returns that another program ended this start of the kubelet, and the services that may be that program; undefined when the kubelet
 * ended by its own error, was killed for want of memory or by its watchdog, or when systemd does not know how it ended.
 */
export async function endedFromOutside(systemd: Systemd, started: UnitStatus): Promise<string | undefined> {
  const ending = await systemd.ending(started).catch(() => undefined);
  const what = ending && (await outsideCause(systemd, started, ending));
  if (what === undefined) {
    return undefined;
  }
  const found = await Promise.all(SUPERVISORS.map((pattern) => systemd.services(pattern).catch(() => [])));
  const others = [...new Set(found.flat())].filter((name) => name !== started.name && !name.startsWith(OURS));
  const suspects = others.length === 0 ? '' : ` (${others.join(' or ')}?)`;
  return `another program${suspects} ended the kubelet: ${started.name} ${what}`;
}

async function outsideCause(
  systemd: Systemd,
  started: UnitStatus,
  { isByJob, code, status, result }: Ending,
): Promise<string | undefined> {
  const byJob = 'was stopped or restarted through systemd';
  if (code === 'exited' && status === 0 && result === 'success') {
    return isByJob ? byJob : 'exited with 0, as after SIGTERM';
  }
  if (code === 'killed' && (result === 'signal' || result === 'success') && FROM_OUTSIDE.has(status)) {
    return isByJob ? byJob : `was terminated by ${FROM_OUTSIDE.get(status)}`;
  }
  // A kubelet that is stopped while it starts gives up with an error of that.
  const isAborted = isByJob && code === 'exited' && result === 'exit-code';
  const line = isAborted ? kubeletErrorLine(await systemd.journal(started), result) : undefined;
  return isAborted && (line === undefined || line.includes('context canceled')) ? byJob : undefined;
}

/** How long systemd may wait before it starts the kubelet again (RestartSec=), in ms. */
const STARTS_WITHIN_MS = 60_000;
/** How long a stopped unit may stay down before it counts as stopped: a script may start it right after. */
const STOPPED_AFTER_MS = 15_000;
const INTERVAL_MS = 250;

/**
 * Waits for the start after `ended`. Returns `stopped` when the unit stays inactive, as its stop asked; `failed` when
 * systemd does not start it.
 */
export async function nextStart(
  { systemd, clock }: { readonly systemd: Systemd; readonly clock: Pick<Clock, 'monotonicMs' | 'sleep'> },
  ended: Pick<UnitStatus, 'name' | 'invocationId'>,
): Promise<'started' | 'stopped' | 'failed'> {
  const beganMs = clock.monotonicMs();
  for (;;) {
    const { invocationId, mainPid, activeState } = await systemd.status(ended.name);
    if (invocationId !== ended.invocationId && mainPid !== 0) {
      return 'started';
    }
    const isDown = activeState === 'inactive' || activeState === 'failed';
    if (clock.monotonicMs() - beganMs > (isDown ? STOPPED_AFTER_MS : STARTS_WITHIN_MS)) {
      return activeState === 'inactive' ? 'stopped' : 'failed';
    }
    await clock.sleep(INTERVAL_MS);
  }
}
