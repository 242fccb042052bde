// Runs commands in a shell and records each line that they print, when it is printed.

import { execa } from 'execa';
import { TutorialError } from '../kubernetes/errors.ts';
import type { TerminalMoment } from './moments.ts';

export interface Terminal {
  /** Resolves when the command has ended; rejects when its exit code is not 0. */
  enter(command: string): Promise<void>;
  moments(): readonly TerminalMoment[];
}

/** Returns a terminal in a folder, with exactly this environment. Its time begins with the first command. */
export function openTerminal(cwd: string, env: Readonly<Record<string, string>>): Terminal {
  const moments: TerminalMoment[] = [];
  let beganAt: number | undefined;
  const add = (kind: TerminalMoment['kind'], text: string): void => {
    const now = performance.now();
    beganAt ??= now;
    moments.push({ at: Math.round(now - beganAt), kind, text });
  };

  return {
    async enter(command) {
      add('typed', command);
      const running = execa('bash', ['-c', command], {
        cwd,
        env,
        extendEnv: false,
        all: true,
        stdin: 'ignore',
        reject: false,
      });
      for await (const line of running.iterable({ from: 'all' })) add('printed', line);
      const { exitCode, all } = await running;
      if (exitCode !== 0) {
        throw new TutorialError(
          `Expected the command to succeed, but it exited with ${exitCode}: ${command}`,
          [all],
        );
      }
    },
    moments: () => moments,
  };
}
