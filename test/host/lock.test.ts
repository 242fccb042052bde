import { once } from 'node:events';
import { renameSync } from 'node:fs';
import { mkdir, readdir, rename, stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { lockNode } from '../../agent/host/lock.ts';
import { temporaryRoot } from './temporary-root.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** Holds the lock of the folder that it is given until it is terminated. */
const HOLDER = `
import { lockNode } from './agent/host/lock.ts';
await lockNode(process.argv[1], { as: 'pod', onBusy() {}, giveUp: new AbortController().signal });
console.log('held');
`;

/** A folder that does not exist yet, like /run/kubelet-sysctl-agent after a boot. */
async function newFolder(): Promise<string> {
  return join(await temporaryRoot(), 'lock');
}

async function listening(path: string): Promise<Server> {
  const server = createServer().listen(path);
  await once(server, 'listening');
  return server;
}

describe('the lock of a node', () => {
  it('is acquired at once when it is free, and again after its release', async () => {
    const name = await newFolder();
    const giveUp = new AbortController().signal;
    const first = await lockNode(name, { as: 'pod', giveUp, onBusy: () => expect.unreachable() });
    first?.release();
    const second = await lockNode(name, { as: 'pod', giveUp, onBusy: () => expect.unreachable() });
    expect([first, second]).not.toContain(undefined);
    second?.release();
  });

  it('reports once that it is busy, and is acquired after its holder was killed', async () => {
    const name = await newFolder();
    const holder = execa('node', ['--input-type=module', '--eval', HOLDER, name], {
      cwd: ROOT,
      preferLocal: true,
      reject: false,
    });
    await once(holder.stdout, 'data');
    let reports = 0;
    const giveUp = new AbortController().signal;
    const waiting = lockNode(name, {
      as: 'pod',
      giveUp,
      onBusy: () => {
        reports += 1;
        setTimeout(() => holder.kill('SIGKILL'), 1500);
      },
    });

    const lock = await waiting;

    expect(reports).toBe(1);
    expect(lock).toBeDefined();
    expect((await holder).signal).toBe('SIGKILL');
    lock?.release();
  });

  it.each([
    ['pod', 'service'],
    ['service', 'pod'],
    ['service', 'service'],
  ] as const)(
    'held by a %s says so to a %s that wants it, and to its holder that one waits',
    async (holder, waiter) => {
      const name = await newFolder();
      const giveUp = new AbortController();
      const asked = Promise.withResolvers<void>();
      const held = await lockNode(name, {
        as: holder,
        giveUp: giveUp.signal,
        onBusy: () => expect.unreachable(),
        onAsked: asked.resolve,
      });
      const busy: string[] = [];
      const waiting = lockNode(name, { as: waiter, giveUp: giveUp.signal, onBusy: (by) => busy.push(by) });

      await asked.promise;
      giveUp.abort();

      expect(await waiting).toBeUndefined();
      expect(busy).toEqual([holder]);
      held?.release();
    },
  );

  it('is reported as busy again when its holder is one of the other kind, and not for another of the same', async () => {
    const name = await newFolder();
    await mkdir(name);
    const server = await listening(join(name, 'one'));
    const giveUp = new AbortController();
    const busy: string[] = [];
    const waiting = lockNode(name, {
      as: 'pod',
      giveUp: giveUp.signal,
      onBusy(holder) {
        busy.push(holder);
        renameSync(join(name, busy.length === 1 ? 'one' : 'service.two'), join(name, 'service.two'));
        if (busy.length === 2) setTimeout(() => giveUp.abort(), 2500);
      },
    });

    expect(await waiting).toBeUndefined();
    expect(busy).toEqual(['pod', 'service']);
    server.close();
  });

  it('stops waiting when giveUp is aborted', async () => {
    const name = await newFolder();
    const held = await lockNode(name, { as: 'pod', giveUp: new AbortController().signal, onBusy: () => {} });
    const giveUp = new AbortController();

    const waiting = lockNode(name, { as: 'pod', giveUp: giveUp.signal, onBusy: () => giveUp.abort() });

    expect(await waiting).toBeUndefined();
    held?.release();
  });

  it('is acquired although another process listens on the abstract socket of the same name', async () => {
    const name = await newFolder();
    const other = await listening(`\0${name}`);

    const lock = await lockNode(name, {
      as: 'pod',
      giveUp: new AbortController().signal,
      onBusy: () => expect.unreachable(),
    });

    expect((await stat(name)).mode & 0o777).toBe(0o700);
    lock?.release();
    other.close();
  });

  it('leaves no file after its release', async () => {
    const name = await newFolder();
    const lock = await lockNode(name, { as: 'pod', giveUp: new AbortController().signal, onBusy: () => {} });

    lock?.release();

    expect(await readdir(join(name, '..'))).toEqual([]);
  });

  it('has one holder at a time among many that try at once, beside sockets that killed processes left', async () => {
    const name = await newFolder();
    await mkdir(name);
    for (const left of ['a', 'new.b']) {
      const server = await listening(join(name, 'bound'));
      await rename(join(name, 'bound'), join(name, left));
      server.close();
    }
    let holders = 0;
    let most = 0;
    const hold = async (): Promise<void> => {
      const lock = await lockNode(name, {
        as: 'pod',
        giveUp: new AbortController().signal,
        onBusy: () => {},
      });
      holders += 1;
      most = Math.max(most, holders);
      await sleep(20);
      holders -= 1;
      lock?.release();
    };

    await Promise.all(Array.from({ length: 8 }, hold));

    expect(most).toBe(1);
    expect(await readdir(join(name, '..'))).toEqual([]);
  });
});
