// A model of the transient timer that undoes a change, its service, and the script that the service runs (agent/host/rollback/rollback-script.ts),
// step by step. `run` takes the commands of agent/host/rollback/rollback-timer.ts.

import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { HostCommandError, type RunOnHost } from '../../../../agent/host/commands.ts';
import { TEMPORARY_MARK } from '../../../../agent/host/files/temporary.ts';
import {
  BOOT_UNIT,
  BOOT_UNIT_FILE,
  UNDO_SCRIPT_FILE,
  UNITS_FOLDER,
} from '../../../../agent/host/rollback/rollback-script.ts';
import { JOURNAL_FILE, TAKEN_FILE, UNDONE_FILES } from '../../../../agent/node/state/state-store.ts';
import { type Journal, parseJournal } from '../../../../agent/node/state/journal.ts';
import type { Disk } from './disk.ts';
import type { KubeletUnit } from './kubelet.ts';
import type { Simulation } from './simulation.ts';
import { UNDO_UNIT } from '../../../../agent/names.ts';

const TIMER = `${UNDO_UNIT}.timer`;
const SERVICE = `${UNDO_UNIT}.service`;
const NOT_LOADED = 5;
const STEP_MS = 8;
const RESTART_MS = 10_000;

export class UndoTimer {
  readonly #simulation: Simulation;
  readonly #disk: Disk;
  readonly #kubelet: KubeletUnit;
  #timer: { readonly seconds: number; readonly cancel: () => void } | undefined;
  /** The run of the service that is active or waits for its next try. */
  #service: { readonly state: 'active' | 'activating' } | undefined;
  /** Called when the timer expires. */
  onElapsed: () => void = () => {};

  constructor(simulation: Simulation, disk: Disk, kubelet: KubeletUnit) {
    this.#simulation = simulation;
    this.#disk = disk;
    this.#kubelet = kubelet;
  }

  get isArmed(): boolean {
    return this.#timer !== undefined;
  }

  /** The timer's service exists: its script runs, or has failed and is retried. */
  get isUndoing(): boolean {
    return this.#service !== undefined;
  }

  /** Rejects with a HostCommandError as the host's command would. */
  readonly run: RunOnHost = (argv) => {
    const [command, verb] = argv;
    if (command === 'systemd-run' && argv.includes(`--unit=${UNDO_UNIT}`)) {
      return this.#startTimer(argv);
    }
    if (command === 'systemctl' && verb === 'restart' && argv[2] === TIMER) {
      return this.#restartTimer(argv);
    }
    if (command === 'systemctl' && verb === 'stop') {
      return this.#stop(argv);
    }
    if (command === 'systemctl' && verb === 'show' && argv.at(-1) === SERVICE) {
      return Promise.resolve(this.#service?.state ?? 'inactive');
    }
    throw new Error(`Expected a command that the modelled host knows, got ${argv.join(' ')}`);
  };

  #startTimer(argv: readonly string[]): Promise<string> {
    if (this.#timer !== undefined || this.#service !== undefined) {
      throw new HostCommandError(argv, 1, `Unit ${TIMER} was already loaded`, undefined);
    }
    const seconds = Number(
      /^--on-active=(?<seconds>\d+)s$/u.exec(argv.find((word) => word.startsWith('--on-active=')) ?? '')
        ?.groups?.['seconds'],
    );
    this.#arm(seconds);
    return Promise.resolve('');
  }

  #restartTimer(argv: readonly string[]): Promise<string> {
    if (this.#timer === undefined) {
      throw new HostCommandError(argv, NOT_LOADED, `Unit ${TIMER} not found`, undefined);
    }
    this.#timer.cancel();
    this.#arm(this.#timer.seconds);
    return Promise.resolve('');
  }

  #stop(argv: readonly string[]): Promise<string> {
    if (this.#timer === undefined && this.#service === undefined) {
      throw new HostCommandError(argv, NOT_LOADED, `Unit ${TIMER} not loaded`, undefined);
    }
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#service = undefined;
    return Promise.resolve('');
  }

  #arm(seconds: number): void {
    const cancel = this.#simulation.after(seconds * 1000, () => {
      this.#timer = undefined;
      this.onElapsed();
      this.#startService();
    });
    this.#timer = { seconds, cancel };
  }

  #startService(): void {
    const service = { state: 'active' } as const;
    this.#service = service;
    // systemctl stop ends the script at any of its steps.
    const step = async (effect: () => void): Promise<void> => {
      await this.#simulation.pass(STEP_MS);
      if (this.#service !== service) {
        await new Promise(() => {});
      }
      effect();
    };
    this.#script(step).then(
      () => this.#ended(service),
      () => this.#failed(service),
    );
  }

  #ended(service: object): void {
    if (this.#service === service) {
      this.#service = undefined;
    }
  }

  /** Restart=on-failure. */
  #failed(service: object): void {
    if (this.#service !== service) {
      return;
    }
    const waiting = { state: 'activating' } as const;
    this.#service = waiting;
    this.#simulation.after(RESTART_MS, () => {
      if (this.#service === waiting) {
        this.#startService();
      }
    });
  }

  /** Throws when the shell script would exit non-zero. */
  async #script(step: (effect: () => void) => Promise<void>): Promise<void> {
    const disk = this.#disk;
    await step(() => disk.existing(UNDO_SCRIPT_FILE));
    await step(() => {
      if (disk.node(JOURNAL_FILE) !== undefined) {
        disk.rename(JOURNAL_FILE, TAKEN_FILE);
      }
    });
    const text = disk.text(TAKEN_FILE);
    if (text === undefined) {
      await step(() => this.#clean());
      return;
    }
    const { unit, file, before, after, flag, invocation } = parseJournal(text);
    const temporary = posix.join(posix.dirname(file), `.${posix.basename(file)}${TEMPORARY_MARK}4711`);
    await step(() => this.#removeTemporaries(file));
    const found = hashOf(disk.bytes(file));
    if (hashOf(before) !== after && found === after && before === undefined) {
      await step(() => disk.unlink(file));
    } else if (hashOf(before) !== after && found !== null && found !== hashOf(before)) {
      const restored = found === after ? before : withoutFlagOf(disk.bytes(file), flag);
      await step(() => disk.put(temporary, restored ?? ''));
      await step(() => disk.rename(temporary, file));
    }
    await step(() => {});
    if (unit === this.#kubelet.status().name && this.#kubelet.invocationId !== invocation) {
      await this.#kubelet.tryRestart('undo script');
    }
    await step(() => disk.rename(TAKEN_FILE, UNDONE_FILES.timer));
    await step(() => this.#clean());
  }

  /** Of any name that a writer of the file may give it. */
  #removeTemporaries(file: string): void {
    const begin = `${posix.dirname(file)}/.${posix.basename(file)}${TEMPORARY_MARK}`;
    for (const path of this.#disk.paths()) {
      if (path.startsWith(begin)) {
        this.#disk.unlink(path);
      }
    }
  }

  #clean(): void {
    for (const path of this.#disk.paths()) {
      if (
        path === BOOT_UNIT_FILE ||
        (path.startsWith(`${UNITS_FOLDER}/`) && path.endsWith(`.wants/${BOOT_UNIT}`))
      ) {
        this.#disk.unlink(path);
      }
    }
    const wants = `${UNITS_FOLDER}/kubelet.service.wants`;
    if (this.#disk.node(wants) !== undefined && this.#disk.names(wants).length === 0) {
      this.#disk.removeFolder(wants);
    }
  }
}

/** Throws when the script cannot tell the change from what another party wrote. */
function withoutFlagOf(bytes: Uint8Array | undefined, { before = '', after }: Journal['flag']): string {
  const text = Buffer.from(bytes ?? []).toString();
  const word = new RegExp(
    String.raw`${before === '' ? String.raw`\\? ?` : ''}${after?.replaceAll(/[.*]/gu, String.raw`\$&`) ?? '$^'}(?![A-Za-z0-9=._/*,-])`,
    'gu',
  );
  const reverted = text.replaceAll(word, () => before);
  if (after === undefined || (reverted === text && text.includes('--allowed-unsafe-sysctls'))) {
    throw new Error('The script leaves the journal');
  }
  return reverted;
}

/** As in the journal: null for no file. */
export function hashOf(bytes: Uint8Array | undefined): string | null {
  return bytes === undefined ? null : createHash('sha256').update(bytes).digest('hex');
}
