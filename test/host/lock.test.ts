import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { lockNode } from '../../agent/host/lock.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** Holds the name that it is given until it is ended. */
const HOLDER = `
import { lockNode } from './agent/host/lock.ts';
await lockNode(process.argv[1], { onBusy() {}, giveUp: new AbortController().signal });
console.log('held');
`;

describe('the lock of a node', () => {
  it('is had at once when nobody has it, and again after its release', async () => {
    const name = randomUUID();
    const giveUp = new AbortController().signal;
    const first = await lockNode(name, { giveUp, onBusy: () => expect.unreachable() });
    first?.release();
    const second = await lockNode(name, { giveUp, onBusy: () => expect.unreachable() });
    expect([first, second]).not.toContain(undefined);
    second?.release();
  });

  it('is waited for, which is told once, and had as soon as its holder was killed', async () => {
    const name = randomUUID();
    const holder = execa('node', ['--input-type=module', '--eval', HOLDER, name], {
      cwd: ROOT,
      preferLocal: true,
      reject: false,
    });
    await once(holder.stdout, 'data');
    let told = 0;
    const giveUp = new AbortController().signal;
    const waiting = lockNode(name, {
      giveUp,
      onBusy: () => {
        told += 1;
        setTimeout(() => holder.kill('SIGKILL'), 1500);
      },
    });

    const lock = await waiting;

    expect(told).toBe(1);
    expect(lock).toBeDefined();
    expect((await holder).signal).toBe('SIGKILL');
    lock?.release();
  });

  it('is waited for no longer when this process is told to end', async () => {
    const name = randomUUID();
    const held = await lockNode(name, { giveUp: new AbortController().signal, onBusy: () => {} });
    const giveUp = new AbortController();

    const waiting = lockNode(name, { giveUp: giveUp.signal, onBusy: () => giveUp.abort() });

    expect(await waiting).toBeUndefined();
    held?.release();
  });
});
