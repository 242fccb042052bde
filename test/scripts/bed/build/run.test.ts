import { expect, it } from 'vitest';
import { environment, run } from '../../../../scripts/bed/build/run.ts';

it('hands back what was printed, without the final newline, and a status as a shell says it', async () => {
  expect(await run(['sh', '-c', 'cat; echo e >&2'], { input: 'in\n' })).toEqual({
    stdout: 'in',
    stderr: 'e',
    exitCode: 0,
  });
  expect((await run(['sh', '-c', 'exit 7'], { reject: false })).exitCode).toBe(7);
  expect((await run(['sh', '-c', 'kill -9 $$'], { reject: false })).exitCode).toBe(137);
});

it('rejects with the status and the words of a command that fails', async () => {
  await expect(run(['sh', '-c', 'echo why >&2; exit 3'])).rejects.toMatchObject({
    exitCode: 3,
    output: 'why',
  });
});

it('rejects when there is no such command, whatever the caller tolerates', async () => {
  await expect(run(['/no/such/command'], { reject: false })).rejects.toThrow('/no/such/command');
});

it('ends what takes too long, together with all that it started', async () => {
  const begin = performance.now();
  await expect(run(['sh', '-c', 'sleep 20 & sleep 20'], { timeoutMs: 200, reject: false })).rejects.toThrow(
    /sleep/,
  );
  expect(performance.now() - begin).toBeLessThan(10_000);
});

it('does not send anybody through a proxy', () => {
  process.env['HTTPS_PROXY'] = 'http://192.0.2.1:3128';
  expect(environment()).not.toHaveProperty('HTTPS_PROXY');
  delete process.env['HTTPS_PROXY'];
});
