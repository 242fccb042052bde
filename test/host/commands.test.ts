import { expect, it } from 'vitest';
import { hostCommands } from '../../agent/host/commands.ts';

it('a command that fails is told in one line that a sentence can go on from', async () => {
  const run = hostCommands(['env']);
  const script = 'echo "Job failed." >&2; echo "See the journal for details." >&2; exit 3';
  await expect(run(['sh', '-c', script])).rejects.toMatchObject({
    message: `sh -c ${script} exited with 3: Job failed. See the journal for details`,
    exitCode: 3,
  });
});
