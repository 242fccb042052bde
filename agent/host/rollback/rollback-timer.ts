// Arms the rollback that works without the agent: a systemd timer, and a unit for the boot after a power failure.

import { settleAll } from '../../time/settle.ts';
import type { HostFiles, RollbackTimer } from '../../node/ports.ts';
import { HostCommandError, type RunOnHost } from '../commands.ts';
import {
  BOOT_UNIT,
  BOOT_UNIT_FILE,
  bootUnit,
  DAMAGED,
  UNDO_SCRIPT,
  UNDO_SCRIPT_FILE,
  UNITS_FOLDER,
} from './rollback-script.ts';
import { UNDO_UNIT } from '../../names.ts';

const OWNER_ONLY = 0o600;
/** systemctl's exit code for a unit that is not loaded. */
const NOT_LOADED = 5;

/** The rollback timer and the boot unit of the host. `arm` and `disarm` settle all their parts before they reject. */
export function hostRollbackTimer(files: HostFiles, run: RunOnHost): RollbackTimer {
  /** The time of the timer that this process started last. */
  let armedSeconds: number | undefined;

  async function startTimer(seconds: number): Promise<void> {
    // Restarting the timer does not change its duration.
    if (armedSeconds !== undefined && armedSeconds !== seconds) {
      await stop();
    }
    const start = [
      'systemd-run',
      '--quiet',
      '--collect',
      `--unit=${UNDO_UNIT}`,
      '--description=Roll back an unfinished kubelet-sysctl-agent change',
      `--on-active=${seconds}s`,
      // The default accuracy is one minute.
      '--timer-property=AccuracySec=100ms',
      // A full disk may have room later, and the agent may be gone.
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
    armedSeconds = seconds;
  }

  /** A timer exists: restarts it with its full duration, so that one is always armed. */
  async function restartTimer(start: readonly string[]): Promise<void> {
    try {
      await run(['systemctl', 'restart', `${UNDO_UNIT}.timer`]);
    } catch (error) {
      if (!(error instanceof HostCommandError)) {
        throw error;
      }
      // The timer has elapsed; its script failed and waits for its restart.
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
    armedSeconds = undefined;
  }

  async function writeScript(): Promise<void> {
    const found = await files.read(UNDO_SCRIPT_FILE);
    if (found === undefined || Buffer.from(found).toString() !== UNDO_SCRIPT) {
      await files.writeAtomic(UNDO_SCRIPT_FILE, Buffer.from(UNDO_SCRIPT), { mode: OWNER_ONLY });
    }
  }

  async function unlinkAll(): Promise<void> {
    // The kubelet's unit may have had another name when a change was interrupted.
    const links = await files.glob(`${UNITS_FOLDER}/*.wants/${BOOT_UNIT}`);
    await settleAll(links.map((link) => files.unlink(link)));
  }

  return {
    paths: armingPaths,

    async arm(unit, file, seconds) {
      await settleAll([
        startTimer(seconds),
        writeScript(),
        files.writeAtomic(BOOT_UNIT_FILE, Buffer.from(bootUnit(unit, file)), { mode: 0o644 }),
        files.link(bootLink(unit), BOOT_UNIT_FILE),
      ]);
    },

    async disarm(unit) {
      await settleAll([
        stop(),
        files.remove(BOOT_UNIT_FILE),
        files.unlink(bootLink(unit)),
        unlinkAll(),
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

/** Every path that arming writes to. */
export function armingPaths(unit: string): readonly string[] {
  return [UNDO_SCRIPT_FILE, BOOT_UNIT_FILE, bootLink(unit)];
}

function bootLink(unit: string): string {
  return `${UNITS_FOLDER}/${unit}.wants/${BOOT_UNIT}`;
}
