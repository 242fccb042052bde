// The host's own undo of a change: a systemd timer that runs out, and a unit for the boot after a power cut.

import type { HostFiles, UndoSwitch } from '../node/ports.ts';
import { HostCommandError, type RunOnHost } from './commands.ts';
import {
  BOOT_UNIT,
  BOOT_UNIT_FILE,
  bootUnit,
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
      // There is one already, which has less time left.
      await stopTimer();
      await run(start);
    }
  }

  async function stopTimer(): Promise<void> {
    try {
      await run(['systemctl', 'stop', `${UNDO_UNIT}.timer`]);
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
      await Promise.all([stopTimer(), files.remove(BOOT_UNIT_FILE), files.unlink(bootLink(unit))]);
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
