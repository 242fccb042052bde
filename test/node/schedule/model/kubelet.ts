// A model of the kubelet's unit under systemd and of the kubelet: what it reads at its start, when it is healthy, how it ends,
// and what it reports of its node.

import type { ConfigSources } from '../../../../agent/kubelet/config.ts';
import { nextArgv } from '../../../../agent/kubelet/configured.ts';
import { runningAllowances } from '../../../../agent/kubelet/running.ts';
import type { Ending, Readiness, UnitStatus } from '../../../../agent/node/ports.ts';
import type { Disk } from './disk.ts';
import type { Simulation } from './simulation.ts';

export const UNIT = 'kubelet.service';
export const ENVIRONMENT_FILE = '/etc/default/kubelet';
export const CONFIG_FILE = '/var/lib/kubelet/config.yaml';
export const FRAGMENT_FILE = '/usr/lib/systemd/system/kubelet.service';
const INVOCATION_LINK = `/run/systemd/units/invocation:${UNIT}`;
const EXEC_START = ['/usr/bin/kubelet', '$KUBELET_CONFIG_ARGS', '$KUBELET_EXTRA_ARGS'];
const ENVIRONMENT = [`KUBELET_CONFIG_ARGS=--config=${CONFIG_FILE}`];
const FIRST_PID = 1000;
const STOP_MS = 20;
const REPORT_INTERVAL_MS = 10_000;
/** After this time without a report the node controller sets the node NotReady, in ms. */
const UNKNOWN_AFTER_MS = 40_000;

/** What starts the kubelet. */
export type Starter = 'agent' | 'undo script' | 'systemd' | 'person';

export interface KubeletOptions {
  /** From its start until it answers healthz, in ms. */
  readonly healthyAfterMs: number;
  /** RestartSec=, in ms. */
  readonly restartMs: number;
  /** How long a kubelet with this list stays healthy before it ends, in ms; 0: it never becomes healthy; undefined: it stays. */
  readonly endsAfterMs: (allowances: readonly string[]) => number | undefined;
  /** ExecStartPre=: edits the host's files before the kubelet reads them. */
  readonly startPre: () => void;
  /** Called when the kubelet has read its list; `previous`: the list of the process before it. */
  readonly onStart: (kubelet: KubeletProcess, previous: readonly string[]) => void;
  /** Called when the kubelet is healthy and admits the pods of its node. */
  readonly onHealthy: (kubelet: KubeletProcess) => void;
}

export interface KubeletProcess {
  readonly pid: number;
  readonly invocation: number;
  readonly argv: readonly string[];
  readonly allowances: readonly string[];
  readonly startedMs: number;
  readonly startedBy: Starter;
  healthySinceMs: number | undefined;
  /** It will crash. */
  readonly isDoomed: boolean;
}

export class KubeletUnit {
  readonly #simulation: Simulation;
  readonly #disk: Disk;
  readonly #options: KubeletOptions;
  readonly #log: string[] = [];
  #process: KubeletProcess | undefined;
  #invocation = 0;
  #lastStartedMs = 0;
  #nextStart: (() => void) | undefined;
  #previous: readonly string[] = [];
  #ending: Ending | undefined;
  #reportedMs = 0;
  #readySinceMs = 0;
  #notReadySinceMs: number | undefined;
  /** When each kubelet crashed. */
  readonly crashesMs: number[] = [];

  constructor(simulation: Simulation, disk: Disk, options: KubeletOptions) {
    this.#simulation = simulation;
    this.#disk = disk;
    this.#options = options;
  }

  get process(): KubeletProcess | undefined {
    return this.#process;
  }

  get isHealthy(): boolean {
    return this.#process?.healthySinceMs !== undefined;
  }

  get invocationId(): string {
    return this.#invocation === 0 ? '' : String(this.#invocation).padStart(32, '0');
  }

  /** systemctl try-restart; resolves when the new process exists. */
  async tryRestart(by: Starter): Promise<void> {
    if (this.#process === undefined && this.#nextStart === undefined) {
      return;
    }
    this.#end();
    this.#ending = { isByJob: true, code: 'exited', status: 0, result: 'success' };
    await this.#simulation.pass(STOP_MS);
    this.start(by);
  }

  start(by: Starter): void {
    this.#nextStart?.();
    this.#nextStart = undefined;
    if (this.#process !== undefined) {
      return;
    }
    const { nowMs } = this.#simulation;
    this.#invocation += 1;
    this.#lastStartedMs = nowMs;
    this.#options.startPre();
    const argv = this.nextArgv();
    const allowances = runningAllowances(argv, this.#config());
    const endsAfterMs = this.#options.endsAfterMs(allowances);
    const process: KubeletProcess = {
      pid: FIRST_PID + this.#invocation,
      invocation: this.#invocation,
      argv,
      allowances,
      startedMs: nowMs,
      startedBy: by,
      healthySinceMs: undefined,
      isDoomed: endsAfterMs !== undefined,
    };
    this.#process = process;
    this.#options.onStart(process, this.#previous);
    this.#previous = allowances;
    this.#disk.changed(INVOCATION_LINK);
    this.#simulation.after(this.#options.healthyAfterMs, () => {
      if (this.#process === process) {
        this.#becomeHealthy(process, endsAfterMs);
      }
    });
  }

  /** The argv of the next start. */
  nextArgv(): readonly string[] {
    return nextArgv({
      name: UNIT,
      execStart: EXEC_START,
      environment: ENVIRONMENT,
      environmentFiles: [
        {
          path: ENVIRONMENT_FILE,
          optional: true,
          fromGlob: false,
          content: this.#disk.bytes(ENVIRONMENT_FILE),
        },
      ],
      systemdVersion: 252,
    });
  }

  status(): UnitStatus {
    const waits = this.#process === undefined && this.#nextStart !== undefined;
    const state = {
      activeState: this.#process !== undefined ? 'active' : waits ? 'activating' : 'inactive',
      subState: this.#process !== undefined ? 'running' : waits ? 'auto-restart' : 'dead',
    };
    return {
      name: UNIT,
      loadState: 'loaded',
      ...state,
      result: waits ? 'exit-code' : 'success',
      mainPid: this.#process?.pid ?? 0,
      lastPid: FIRST_PID + this.#invocation,
      startedMs: this.#lastStartedMs,
      invocationId: this.invocationId,
      restarts: this.crashesMs.length,
      execStart: EXEC_START,
      environment: ENVIRONMENT,
      environmentFiles: [{ path: ENVIRONMENT_FILE, optional: true }],
      fragmentPath: FRAGMENT_FILE,
      dropInPaths: [],
      execStarts: 1,
      needsReload: false,
      stateSinceMs: this.#lastStartedMs,
    };
  }

  /** How the last process ended. */
  ending(): Ending | undefined {
    return this.#ending;
  }

  log(): readonly string[] {
    return this.#log.slice(-60);
  }

  /** The Node's condition Ready as the API server has it. */
  readiness(): Readiness {
    this.#report();
    const { nowMs } = this.#simulation;
    const isKnown = nowMs - this.#reportedMs < UNKNOWN_AFTER_MS;
    if (!isKnown) {
      this.#notReadySinceMs ??= this.#reportedMs + UNKNOWN_AFTER_MS;
    }
    return {
      ready: isKnown,
      since: this.#second(isKnown ? this.#readySinceMs : (this.#notReadySinceMs ?? 0)),
      reported: this.#second(this.#reportedMs),
      message: isKnown ? 'kubelet is posting ready status' : 'Kubelet stopped posting node status.',
    };
  }

  #becomeHealthy(process: KubeletProcess, endsAfterMs: number | undefined): void {
    if (endsAfterMs === 0) {
      this.#crash(process);
      return;
    }
    process.healthySinceMs = this.#simulation.nowMs;
    const wasKnown = this.#simulation.nowMs - this.#reportedMs < UNKNOWN_AFTER_MS;
    if (!wasKnown) {
      this.#readySinceMs = this.#simulation.nowMs;
    }
    this.#notReadySinceMs = undefined;
    this.#reportedMs = this.#simulation.nowMs;
    this.#options.onHealthy(process);
    if (endsAfterMs !== undefined) {
      this.#simulation.after(endsAfterMs, () => this.#crash(process));
    }
  }

  #crash(process: KubeletProcess): void {
    if (this.#process !== process) {
      return;
    }
    this.#log.push(
      `E1124 02:00:00.000000 ${process.pid} run.go:72] "command failed" err="this list is refused"`,
    );
    this.crashesMs.push(this.#simulation.nowMs);
    this.#end();
    this.#ending = { isByJob: false, code: 'exited', status: 1, result: 'exit-code' };
    this.#nextStart = this.#simulation.after(this.#options.restartMs, () => {
      this.#nextStart = undefined;
      this.start('systemd');
    });
  }

  #end(): void {
    this.#nextStart?.();
    this.#nextStart = undefined;
    this.#report();
    this.#process = undefined;
  }

  /** A healthy kubelet reports its node every 10 s. */
  #report(): void {
    const since = this.#process?.healthySinceMs;
    if (since !== undefined) {
      const periods = Math.floor((this.#simulation.nowMs - since) / REPORT_INTERVAL_MS);
      this.#reportedMs = since + periods * REPORT_INTERVAL_MS;
    }
  }

  #config(): ConfigSources {
    const content = this.#disk.bytes(CONFIG_FILE);
    return { config: content && { path: CONFIG_FILE, content }, dropIns: [] };
  }

  #second(ms: number): Date {
    const { date, nowMs } = this.#simulation;
    return new Date(Math.floor((date.getTime() - nowMs + ms) / 1000) * 1000);
  }
}
