import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { type NotifyOptions, type Notifier, systemdNotifier } from '../../agent/host/notify.ts';
import { temporaryRoot } from './temporary-root.ts';

interface Sending {
  readonly notifier: Notifier;
  readonly sent: string[];
}

function sending(options: Partial<NotifyOptions> = {}): Sending {
  const sent: string[] = [];
  const notifier = systemdNotifier({
    socket: '/run/notify',
    watchdogUsec: undefined,
    watchdogPid: undefined,
    pid: 7,
    isAlive: () => true,
    onError: (error) => expect.unreachable(String(error)),
    send: async (socket, assignments) => {
      // A message that takes longer than the next one must not come after it.
      await new Promise((resolve) => setTimeout(resolve, sent.length === 0 ? 20 : 1));
      sent.push(`${socket} ${assignments.join(' ')}`);
    },
    ...options,
  });
  return { notifier, sent };
}

describe('systemdNotifier', () => {
  it('sends ready once, each new status in one line, a reload with its time, and the end, in that order', async () => {
    const { notifier, sent } = sending();
    notifier.reloaded(1);
    notifier.status('Working:\n soon');
    notifier.ready();
    notifier.ready();
    notifier.status('Working: soon');
    notifier.reloaded(1234.5678);
    notifier.stopping();
    await notifier.end();
    expect(sent).toEqual([
      '/run/notify STATUS=Working: soon',
      '/run/notify READY=1',
      '/run/notify RELOADING=1 MONOTONIC_USEC=1234568',
      '/run/notify READY=1',
      '/run/notify STOPPING=1',
    ]);
  });

  it('shortens a status that systemd would ignore', async () => {
    const { notifier, sent } = sending();
    notifier.status('ü'.repeat(5000));
    await notifier.end();
    expect(Buffer.byteLength(sent[0] ?? '')).toBeLessThan(3100);
  });

  it('sends nothing without a socket', async () => {
    vi.useFakeTimers();
    const { notifier, sent } = sending({ socket: undefined, watchdogUsec: '1000' });
    notifier.ready();
    notifier.stopping();
    await vi.advanceTimersByTimeAsync(10);
    await notifier.end();
    vi.useRealTimers();
    expect(sent).toEqual([]);
  });

  it.each<[string, Partial<NotifyOptions>, number]>([
    ['feeds the watchdog at half of its time', { watchdogUsec: '2000000' }, 3],
    ['feeds the watchdog of its own process', { watchdogUsec: '2000000', watchdogPid: '7' }, 3],
    ["does not feed another process's watchdog", { watchdogUsec: '2000000', watchdogPid: '8' }, 0],
    ['feeds no watchdog where the unit has none', {}, 0],
    [
      'does not feed the watchdog of a service that hangs',
      { watchdogUsec: '2000000', isAlive: () => false },
      0,
    ],
  ])('%s', async (_title, options, times) => {
    vi.useFakeTimers();
    const { notifier, sent } = sending(options);
    await vi.advanceTimersByTimeAsync(3500);
    vi.useRealTimers();
    await notifier.end();
    expect(sent).toEqual(Array.from({ length: times }, () => '/run/notify WATCHDOG=1'));
  });

  it('reports a message that could not be sent, and sends the next one', async () => {
    const errors: unknown[] = [];
    const { notifier } = sending({
      onError: (error) => errors.push(error),
      send: (_socket, [first]) => (first === 'READY=1' ? Promise.reject(new Error('no')) : Promise.resolve()),
    });
    notifier.ready();
    notifier.stopping();
    await notifier.end();
    expect(errors).toEqual([new Error('no')]);
  });

  it("runs the host's own systemd-notify with the socket, and the rest of the environment as it is", async () => {
    const root = await temporaryRoot();
    const command = '#!/bin/sh\necho "$NOTIFY_SOCKET $FROM_OUTSIDE $*" >> "$(dirname "$0")/said"\n';
    await writeFile(join(root, 'systemd-notify'), command, { mode: 0o755 });
    vi.stubEnv('PATH', `${root}:${process.env['PATH']}`);
    vi.stubEnv('FROM_OUTSIDE', 'kept');
    const { notifier } = sending({ send: undefined });
    notifier.status("Done: it's $HOME; -x");
    notifier.ready();
    await notifier.end();
    vi.unstubAllEnvs();
    expect(await readFile(join(root, 'said'), 'utf8')).toBe(
      "/run/notify kept STATUS=Done: it's $HOME; -x\n/run/notify kept READY=1\n",
    );
  });
});
