// The host's own undo of a change: a systemd timer that runs out, and a unit for the boot after a power cut.

import type { HostFiles, UndoSwitch } from '../node/ports.ts';
import { HostCommandError, type RunOnHost } from './commands.ts';
import {
  BOOT_UNIT,
  BOOT_UNIT_FILE,
  bootUnit,
  DAMAGED,
  UNDO_SCRIPT,
  UNDO_SCRIPT_FILE,
  UNDO_UNIT,
  UNITS_FOLDER,
} from './undo-script.ts';

const OWNER_ONLY = 0o600;
/** systemctl: the unit is not loaded. */
const NOT_LOADED = 5;

export function hostUndoSwitch(files: HostFiles, run: RunOnHost): UndoSwitch {
  async function startTimer(seconds: number): Promise<void> {
    const start = [
      'systemd-run',
      '--quiet',
      '--collect',
      `--unit=${UNDO_UNIT}`,
      '--description=Undo a kubelet-sysctl-agent change that nobody finished',
      `--on-active=${seconds}s`,
      // The default is a minute.
      '--timer-property=AccuracySec=100ms',
      // A full disk may have room later, and nobody else may be there to try again.
      '--property=Restart=on-failure',
      '--property=RestartSec=10s',
      `--property=RestartPreventExitStatus=${DAMAGED}`,
      '/bin/sh',
      UNDO_SCRIPT_FILE,
      'timer',
    ];
    try {
      await run(start);
    } catch (error) {
      if (!(error instanceof HostCommandError)) {
        throw error;
      }
      await restartTimer(start);
    }
  }

  /** There is one already, which has less time left; at no moment is there to be none. */
  async function restartTimer(start: readonly string[]): Promise<void> {
    try {
      await run(['systemctl', 'restart', `${UNDO_UNIT}.timer`]);
    } catch (error) {
      if (!(error instanceof HostCommandError)) {
        throw error;
      }
      // It has run out, and its script has failed and waits.
      await stop();
      await run(start);
    }
  }

  async function stop(): Promise<void> {
    try {
      await run(['systemctl', 'stop', `${UNDO_UNIT}.timer`, `${UNDO_UNIT}.service`]);
    } catch (error) {
      if (!(error instanceof HostCommandError && error.exitCode === NOT_LOADED)) {
        throw error;
      }
    }
  }

  async function writeScript(): Promise<void> {
    const found = await files.read(UNDO_SCRIPT_FILE);
    if (found === undefined || Buffer.from(found).toString() !== UNDO_SCRIPT) {
      await files.writeAtomic(UNDO_SCRIPT_FILE, Buffer.from(UNDO_SCRIPT), { mode: OWNER_ONLY });
    }
  }

  return {
    async arm(unit, file, seconds) {
      await Promise.all([
        startTimer(seconds),
        writeScript(),
        files.writeAtomic(BOOT_UNIT_FILE, Buffer.from(bootUnit(unit, file)), { mode: 0o644 }),
        files.link(bootLink(unit), BOOT_UNIT_FILE),
      ]);
    },

    async disarm(unit) {
      // The kubelet's unit may have had another name when a change was cut off.
      const links = await files.glob(`${UNITS_FOLDER}/*.wants/${BOOT_UNIT}`);
      await Promise.all([
        stop(),
        files.remove(BOOT_UNIT_FILE),
        ...[...new Set([bootLink(unit), ...links])].map((link) => files.unlink(link)),
        ...[BOOT_UNIT_FILE, UNDO_SCRIPT_FILE].map((path) => files.tidy(path)),
      ]);
    },

    async undoing() {
      const answer = await run([
        'systemctl',
        'show',
        '--property=ActiveState',
        '--value',
        `${UNDO_UNIT}.service`,
      ]);
      return answer === 'active' || answer === 'activating';
    },
  };
}

function bootLink(unit: string): string {
  return `${UNITS_FOLDER}/${unit}.wants/${BOOT_UNIT}`;
}
