import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { endProcess, identify, isAlive, signal } from '../../../../scripts/bed/host/processes.ts';

function sleeper(script: string): ReturnType<typeof spawn> {
  return spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] });
}

it('another process with a reused id is not the identified one', () => {
  const own = identify(process.pid);
  expect(isAlive(own)).toBe(true);
  const earlier = { pid: process.pid, startTime: '1' };
  expect(isAlive(earlier)).toBe(false);
  expect(signal(earlier, 'SIGKILL')).toBe(false);
});

it('endProcess ends a process on SIGTERM, and one that ignores SIGTERM', async () => {
  const willing = sleeper('exec sleep 30');
  await endProcess(identify(willing.pid ?? 0), 5000);
  expect(willing.signalCode ?? (await once(willing, 'exit'))[1]).toBe('SIGTERM');

  const deaf = sleeper('trap "" TERM; echo ready; while :; do sleep 0.05; done');
  await once(deaf.stdout ?? deaf, 'data');
  const id = identify(deaf.pid ?? 0);
  await endProcess(id, 200);
  expect(isAlive(id)).toBe(false);
  expect(deaf.signalCode ?? (await once(deaf, 'exit'))[1]).toBe('SIGKILL');
});
