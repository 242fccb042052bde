// Tells systemd how a service of Type=notify is, through the host's own systemd-notify.

import { execa } from 'execa';
import { shorten } from '../report/shorten.ts';

/** What systemd gives a service of Type=notify, from its environment. */
export interface NotifyEnvironment {
  /** NOTIFY_SOCKET; undefined: systemd did not start this process, or the unit has another Type=. */
  readonly socket: string | undefined;
  /** WATCHDOG_USEC; undefined: the unit has no WatchdogSec=. */
  readonly watchdogUsec: string | undefined;
  /** WATCHDOG_PID: the process that systemd expects signs of life from. */
  readonly watchdogPid: string | undefined;
}

export interface NotifyOptions extends NotifyEnvironment {
  readonly pid: number;
  /** Whether the service works; asked when the watchdog is due. */
  readonly isAlive: () => boolean;
  readonly onError: (error: unknown) => void;
  /** Sends assignments such as READY=1; a replacement in a test. */
  readonly send?: ((socket: string, assignments: readonly string[]) => Promise<void>) | undefined;
}

/** Every call returns at once; messages are sent in their order. Without a socket nothing is sent. */
export interface Notifier {
  /** The service has started; only the first call counts. */
  ready(): void;
  /** One line for `systemctl status`. */
  status(text: string): void;
  /** The service has read its configuration again; nothing before `ready`. `monotonicMs` is when it began. */
  reloaded(monotonicMs: number): void;
  /** The service ends. */
  stopping(): void;
  /** Feeds no longer. Resolves when all messages were sent. */
  end(): Promise<void>;
}

/** systemd ignores a longer status, and a message of more than 4096 bytes. */
const MAX_STATUS_BYTES = 3000;
const SEND_TIMEOUT_MS = 10_000;
/** A longer one would run at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Feeds the watchdog at half of its time, from now on. */
export function systemdNotifier(options: NotifyOptions): Notifier {
  const { socket, pid, isAlive, onError, send = sendToSystemd } = options;
  const periodMs = watchdogMs(options, pid);
  let sent: Promise<void> = Promise.resolve();
  let isReady = false;
  let isFeeding = false;
  let shown = '';

  function tell(...assignments: readonly string[]): Promise<void> {
    if (socket !== undefined) {
      sent = sent.then(() => send(socket, assignments)).catch(onError);
    }
    return sent;
  }

  async function feed(): Promise<void> {
    // A queue of old signs of life would hide that the service has stopped to give any.
    if (isFeeding || !isAlive()) return;
    isFeeding = true;
    await tell('WATCHDOG=1');
    isFeeding = false;
  }

  const timer =
    periodMs === undefined
      ? undefined
      : setInterval(() => void feed(), Math.min(periodMs / 2, LONGEST_TIMER_MS));

  return {
    ready() {
      if (isReady) return;
      isReady = true;
      void tell('READY=1');
    },
    status(text) {
      const line = shorten(text.replaceAll(/\s+/gu, ' ').trim(), MAX_STATUS_BYTES);
      if (line === shown) return;
      shown = line;
      void tell(`STATUS=${line}`);
    },
    reloaded(monotonicMs) {
      if (!isReady) return;
      void tell('RELOADING=1', `MONOTONIC_USEC=${Math.round(monotonicMs * 1000)}`);
      void tell('READY=1');
    },
    stopping: () => void tell('STOPPING=1'),
    async end() {
      clearInterval(timer);
      await sent;
    },
  };
}

/** undefined: no watchdog waits for this process. Mirrors sd_watchdog_enabled (systemd src/libsystemd/sd-daemon/sd-daemon.c). */
function watchdogMs(
  { socket, watchdogUsec, watchdogPid }: NotifyEnvironment,
  pid: number,
): number | undefined {
  const usec = Number(watchdogUsec ?? '');
  const isOurs = watchdogPid === undefined || watchdogPid === String(pid);
  return socket !== undefined && isOurs && Number.isSafeInteger(usec) && usec > 0 ? usec / 1000 : undefined;
}

async function sendToSystemd(socket: string, assignments: readonly string[]): Promise<void> {
  await execa('systemd-notify', assignments, {
    stdin: 'ignore',
    timeout: SEND_TIMEOUT_MS,
    env: { NOTIFY_SOCKET: socket, LC_ALL: 'C' },
  });
}
