// Verifies that a restarted kubelet is healthy and is the process that this change started.

import { kubeletErrorLine } from '../observe/kubelet-log.ts';
import type { Clock, Health, Processes, Systemd, UnitStatus } from '../ports.ts';

export interface VerifyPorts {
  readonly systemd: Systemd;
  readonly processes: Processes;
  readonly health: Health;
  readonly clock: Clock;
}

export interface VerifyRequest {
  readonly unit: string;
  /** The InvocationID before the restart; that process does not count. */
  readonly previousInvocation: string;
  /** Where the new kubelet serves healthz; undefined when its configuration turns that off. */
  readonly healthz: { readonly address: string; readonly port: number } | undefined;
  /** What the new process's argv must satisfy. */
  readonly accepts: (argv: readonly string[]) => boolean;
}

/** Why a start of the kubelet is not proven. */
export interface Fault {
  readonly why: string;
  /** The start whose process has ended; undefined: it still runs, or there was none. */
  readonly ended: UnitStatus | undefined;
  /** Whether the kubelet is healthy and only runs with other arguments than expected; absent when it failed after it was verified. */
  readonly isHealthy?: boolean | undefined;
}

export type Verification =
  | { readonly ok: true; readonly argv: readonly string[]; readonly status: UnitStatus }
  | ({ readonly ok: false; readonly isHealthy: boolean } & Fault);

/** How long the new kubelet may take to answer healthz, in ms. */
export const HEALTHZ_TIMEOUT_MS = 60_000;
const HEALTHZ_INTERVAL_MS = 10;
const JOURNAL_TRIES = 10;
const JOURNAL_INTERVAL_MS = 100;
/** When healthz is off, the process must live this long instead, in ms. */
const LIVES_MS = 5000;

/** Waits for the new kubelet and verifies it; on a fault returns why, with the kubelet's own error line. */
export async function verifyKubelet(ports: VerifyPorts, request: VerifyRequest): Promise<Verification> {
  const first = await ports.systemd.status(request.unit);
  if (first.invocationId === request.previousInvocation) {
    const why = await endedBecause(ports, first, 'did not start');
    return { ok: false, why, ended: undefined, isHealthy: false };
  }
  if (first.mainPid === 0) {
    return fails(ports, first, 'did not start');
  }

  if (!(await answersHealthz(ports, request, first.mainPid))) {
    return fails(ports, first, 'did not become healthy');
  }
  const argv = await ports.processes.argv(first.mainPid);
  if (argv === undefined) {
    return fails(ports, first, 'ended after it answered healthz');
  }
  if (!request.accepts(argv)) {
    const why = `the new kubelet runs without the expected list: ${argv.join(' ')}`;
    return { ok: false, why, ended: undefined, isHealthy: true };
  }
  if (!(await runsStill(ports, first))) {
    return fails(ports, first, 'did not keep running');
  }
  return { ok: true, argv, status: first };
}

async function answersHealthz(ports: VerifyPorts, request: VerifyRequest, pid: number): Promise<boolean> {
  const { healthz } = request;
  const deadline = ports.clock.monotonicMs() + (healthz === undefined ? LIVES_MS : HEALTHZ_TIMEOUT_MS);
  while (ports.clock.monotonicMs() < deadline) {
    if ((await ports.processes.argv(pid)) === undefined) {
      return false;
    }
    if (healthz !== undefined && (await ports.health.ok(healthz.address, healthz.port, 1000))) {
      return true;
    }
    await ports.clock.sleep(HEALTHZ_INTERVAL_MS);
  }
  return healthz === undefined;
}

/**
 * True while the kubelet that was `started` runs. Reads INVOCATION_ID from the process, which is much cheaper than a query
 * of systemd; queries systemd when a wrapper has removed the variable.
 */
export async function runsStill(
  { processes, systemd }: Pick<VerifyPorts, 'processes' | 'systemd'>,
  started: UnitStatus,
): Promise<boolean> {
  const { name, mainPid, invocationId } = started;
  if (mainPid === 0) {
    return false;
  }
  if ((await processes.environment(mainPid, 'INVOCATION_ID')) === invocationId) {
    return true;
  }
  const now = await systemd.status(name);
  return now.invocationId === invocationId && now.mainPid === mainPid;
}

async function fails(ports: VerifyPorts, started: UnitStatus, what: string): Promise<Verification> {
  const why = await endedBecause(ports, started, what);
  const ended = (await runsStill(ports, started)) ? undefined : started;
  return { ok: false, why, ended, isHealthy: false };
}

/** Returns `what` with the unit's present state and the kubelet's own error. */
export async function endedBecause(
  ports: Pick<VerifyPorts, 'systemd' | 'clock'>,
  started: UnitStatus,
  what: string,
): Promise<string> {
  const now = await ports.systemd.status(started.name);
  // The result of a later start says nothing about this one.
  const result = now.invocationId === started.invocationId ? now.result : '';
  const line = await lastLogLine(ports, started, result);
  const unit = `${started.name} is ${now.activeState}/${now.subState}${now.result === '' ? '' : ` (${now.result})`}`;
  return `the kubelet ${what}; ${unit}${line === undefined ? '' : `; its log says: ${line}`}`;
}

/** Retries: journald stores lines with a delay, possibly after the process has ended. */
async function lastLogLine(
  { systemd, clock }: Pick<VerifyPorts, 'systemd' | 'clock'>,
  started: UnitStatus,
  result: string,
): Promise<string | undefined> {
  for (let tries = JOURNAL_TRIES; tries > 0; tries -= 1) {
    const line = kubeletErrorLine(await systemd.journal(started), result);
    if (line !== undefined) {
      return line;
    }
    await clock.sleep(JOURNAL_INTERVAL_MS);
  }
  return undefined;
}
