import { expect, it } from 'vitest';
import { environment, run } from '../../../../scripts/bed/build/run.ts';

it('run returns the output without the final newline, and the exit status as in a shell', async () => {
  expect(await run(['sh', '-c', 'cat; echo e >&2'], { input: 'in\n' })).toEqual({
    stdout: 'in',
    stderr: 'e',
    exitCode: 0,
  });
  expect((await run(['sh', '-c', 'exit 7'], { reject: false })).exitCode).toBe(7);
  expect((await run(['sh', '-c', 'kill -9 $$'], { reject: false })).exitCode).toBe(137);
});

it('run rejects with the status and the output of a failed command', async () => {
  await expect(run(['sh', '-c', 'echo why >&2; exit 3'])).rejects.toMatchObject({
    exitCode: 3,
    output: 'why',
  });
});

it('run rejects when there is no such command, even with reject: false', async () => {
  await expect(run(['/no/such/command'], { reject: false })).rejects.toThrow('/no/such/command');
});

it('run kills a command and its children after the timeout', async () => {
  const begin = performance.now();
  await expect(run(['sh', '-c', 'sleep 20 & sleep 20'], { timeoutMs: 200, reject: false })).rejects.toThrow(
    /sleep/,
  );
  expect(performance.now() - begin).toBeLessThan(10_000);
});

it('the environment for tools has no proxy', () => {
  process.env['HTTPS_PROXY'] = 'http://192.0.2.1:3128';
  expect(environment()).not.toHaveProperty('HTTPS_PROXY');
  delete process.env['HTTPS_PROXY'];
});
