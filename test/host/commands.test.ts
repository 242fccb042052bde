import { randomInt } from 'node:crypto';
import { execa } from 'execa';
import { describe, expect, it, type TestContext } from 'vitest';
import { enterNamespacesOf, HostCommandError, hostCommands } from '../../agent/host/commands.ts';

/** A sleep duration, in seconds, that no other process of this machine uses. */
const someSeconds = (): string => `31.${randomInt(100_000, 999_999)}`;

async function sleepers(seconds: string): Promise<string> {
  return (await execa('pgrep', ['-f', `sleep ${seconds}`], { reject: false })).stdout;
}

describe('hostCommands', () => {
  it('reports a failed command with its stderr on one line', async () => {
    const run = hostCommands(['env']);
    const script = 'echo "Job failed." >&2; echo "See the journal for details." >&2; exit 3';
    await expect(run(['sh', '-c', script])).rejects.toMatchObject({
      message: `sh -c ${script} exited with 3: Job failed. See the journal for details`,
      exitCode: 3,
    });
  });

  it('terminates a command in other namespaces that exceeds its timeout', async (context) => {
    const run = hostCommands(await enterOwn(context));
    const seconds = someSeconds();

    const failed = run(['sleep', seconds], { timeoutMs: 300 });

    await expect(failed).rejects.toThrow(`sleep ${seconds} took longer than 0.3 s and was terminated`);
    expect(await sleepers(seconds)).toBe('');
  });

  it('kills the processes that a timed-out command started, even when they ignore SIGTERM', async () => {
    const run = hostCommands(['env']);
    const seconds = someSeconds();
    const script = `(trap '' TERM; sleep ${seconds}; sleep ${seconds}) & sleep ${seconds}; wait`;

    await expect(run(['sh', '-c', script], { timeoutMs: 300 })).rejects.toThrow(HostCommandError);

    await expect.poll(() => sleepers(seconds)).toBe('');
  });

  it('does not wait for a process that has left the group and keeps the output open', async () => {
    const run = hostCommands(['env']);
    const seconds = someSeconds();
    const begun = performance.now();

    await expect(run(['sh', '-c', `setsid sleep ${seconds} & sleep 30`], { timeoutMs: 300 })).rejects.toThrow(
      HostCommandError,
    );

    expect(performance.now() - begun).toBeLessThan(10_000);
    await execa('pkill', ['-f', `sleep ${seconds}`], { reject: false });
  });

  it('names the program that is missing', async () => {
    await expect(hostCommands([])(['/no/such/program'])).rejects.toThrow('/no/such/program could not be run');
  });
});

/** The prefix that enters the host's namespaces, with this process in place of the host's PID 1. */
async function enterOwn(context: TestContext): Promise<readonly string[]> {
  const prefix = enterNamespacesOf(process.pid);
  const [file = '', ...args] = prefix;
  const { failed } = await execa(file, [...args, 'true'], { reject: false });
  context.skip(failed, 'entering namespaces takes root');
  return prefix;
}
