// npm run faults: the long form of test/faults, with its figures.

import { parseArgs } from 'node:util';
import { ensureHostPackages, whyNoBed } from './bed/build/host-packages.ts';
import { consoleLog } from './bed/util/progress.ts';
import { type Command, commandOf, runCommand } from './entry/command.ts';
import { runWithFigures } from './entry/run-with-figures.ts';

const HELP = `Usage: npm run faults [-- FILE …]

Injects faults into real nodes and their API server for hours: kills agents 200 times during a change, cuts power 50
times, makes disks full or read-only, stops the API server. \`npm test -- faults\` runs the short form.

FILE selects the files of test/faults whose path contains it, such as cut-off.

Environment:
  KUBELET_SYSCTLS_FAULTS=short     the short form
  KUBELET_SYSCTLS_FAULTS_SEED=N    repeats the random instants of an earlier run, which printed its seed
  KUBELET_SYSCTLS_E2E_BED=NAME     uses or starts this cluster, and leaves it up

Exit codes: 0 nothing failed, 1 a test failed or this machine cannot run them, 2 wrong usage.
`;

process.exitCode = await runCommand(parseCommand(process.argv.slice(2)), HELP, run);

async function run(files: readonly string[]): Promise<number> {
  const why = whyNoBed();
  if (why !== undefined) {
    process.stderr.write(`${why}\n`);
    return 1;
  }
  await ensureHostPackages(consoleLog());
  const env = { KUBELET_SYSCTLS_FAULTS: process.env['KUBELET_SYSCTLS_FAULTS'] ?? 'long' };
  return runWithFigures({ project: 'e2e', folder: 'test/faults/', files, env });
}

/** Returns the named files. */
function parseCommand(args: string[]): Command<readonly string[]> {
  return commandOf(() => {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { help: { type: 'boolean', short: 'h', default: false } },
    });
    return values.help ? undefined : positionals;
  });
}
