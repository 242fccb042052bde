import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..', '..');

/** As the agent in the middle of a change: a command on the host is under way, and something is done after it. */
const PROGRAM = `
import { execa } from 'execa';
import { termination } from './agent/cli/daemon/termination.ts';
const ended = termination();
const command = execa('sleep', ['0.4']);
console.log('began');
const signal = await ended;
const { exitCode } = await command;
console.log(signal, exitCode);
`;

describe('a signal that asks to end', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    '%s lets what is under way finish, also while a child process runs, however often it comes',
    async (signal) => {
      const program = execa('node', ['--input-type=module', '--eval', PROGRAM], {
        cwd: ROOT,
        preferLocal: true,
        reject: false,
      });
      await new Promise((resolve) => program.stdout.once('data', resolve));
      program.kill(signal);
      setTimeout(() => program.kill(signal), 100);
      const { stdout, exitCode } = await program;
      expect([stdout, exitCode]).toEqual([`began\n${signal} 0`, 0]);
    },
  );
});
