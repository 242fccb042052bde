import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..', '..');

/** Like the agent in the middle of a change: a command on the host is running, and more work follows. */
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

describe('termination', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    '%s does not end the process before its work is finished, even with a child process and when sent twice',
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
