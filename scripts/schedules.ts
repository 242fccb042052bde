// npm run schedules: the long form of the random schedules of one node's agent (test/node/schedule).

import { parseArgs } from 'node:util';
import { execa } from 'execa';

const HELP = `Usage: npm run schedules [-- --runs N] [--seed N [--path PATH]] [--only PLOT] [--survey]

Runs one node's agent on a modelled host in random schedules: its calls are late, fail or finish out of order, it is
killed anywhere, and users edit file, policy and pods. In the end the node must be correct. \`npm test\` runs a few.

  --runs N     so many schedules (20000)
  --seed N     repeats the schedules of an earlier run, which printed its seed
  --path PATH  with --seed: only the failed schedule, whose path was printed with the seed
  --only PLOT  schedules made for one kind of trouble, such as E8 (test/node/schedule/scenario.ts)
  --survey     continues after a failure, and prints the first of each kind

Progress goes to stderr. Exit codes: 0 nothing failed, 1 a schedule failed, 2 wrong usage.
`;
const RUNS = 20_000;
const TEST_FILE = 'test/node/schedule/schedule.test.ts';

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  const env = environmentOf(args);
  if (typeof env === 'number') return env;
  const command = ['run', TEST_FILE, '--project=unit', '--disableConsoleIntercept=true'];
  const { failed } = await execa('vitest', command, {
    preferLocal: true,
    reject: false,
    stdin: 'ignore',
    stdout: 'inherit',
    stderr: 'inherit',
    env,
  });
  return failed ? 1 : 0;
}

/** Returns the test's environment variables, or an exit code when there is nothing to run. */
function environmentOf(args: string[]): Record<string, string> | number {
  try {
    const { values } = parseArgs({
      args,
      options: {
        help: { type: 'boolean', short: 'h' },
        runs: { type: 'string', default: String(RUNS) },
        seed: { type: 'string' },
        path: { type: 'string' },
        only: { type: 'string' },
        survey: { type: 'boolean' },
      },
    });
    if (values.help === true) {
      process.stdout.write(HELP);
      return 0;
    }
    const { runs, seed, path, only, survey } = values;
    return {
      KUBELET_SYSCTLS_SCHEDULES: wholeNumber('--runs', runs),
      ...(seed !== undefined && { KUBELET_SYSCTLS_SEED: wholeNumber('--seed', seed) }),
      ...(path !== undefined && { KUBELET_SYSCTLS_PATH: path }),
      ...(only !== undefined && { KUBELET_SYSCTLS_ONLY: only }),
      ...(survey === true && { KUBELET_SYSCTLS_SURVEY: '1' }),
    };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    return 2;
  }
}

/** Returns the number; throws when the text is not a whole number. */
function wholeNumber(option: string, text: string): string {
  if (!/^-?\d+$/u.test(text)) {
    throw new Error(`Expected ${option} to be a whole number, got ${text}.`);
  }
  return text;
}
