// npm run faults: the long form of test/faults, with its figures.

import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { ensureHostPackages, whyNoBed } from './bed/build/host-packages.ts';
import { consoleLog } from './bed/util/progress.ts';
import { type Command, commandOf, runCommand } from './entry/command.ts';

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
/** A line of figures in a test's output. */
const FIGURES = /^ {2}faults · (?<text>.+)$/u;

process.exitCode = await runCommand(parseCommand(process.argv.slice(2)), HELP, run);

async function run(files: readonly string[]): Promise<number> {
  const why = whyNoBed();
  if (why !== undefined) {
    process.stderr.write(`${why}\n`);
    return 1;
  }
  await ensureHostPackages(consoleLog());
  const { figures, failed } = await runFaults(files);
  process.stdout.write(figures.length === 0 ? '' : `\n${figures.map((line) => `- ${line}`).join('\n')}\n`);
  return failed ? 1 : 0;
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

async function runFaults(
  files: readonly string[],
): Promise<{ readonly figures: readonly string[]; readonly failed: boolean }> {
  const paths =
    files.length === 0
      ? ['test/faults/']
      : files.map((file) => `test/faults/${file.replace(/^test\/faults\//u, '')}`);
  const running = execa('vitest', ['run', '--project=e2e', '--reporter=verbose', ...paths], {
    preferLocal: true,
    reject: false,
    stdin: 'ignore',
    stdout: ['inherit', 'pipe'],
    stderr: 'inherit',
    env: { KUBELET_SYSCTLS_FAULTS: process.env['KUBELET_SYSCTLS_FAULTS'] ?? 'long' },
  });
  const { stdout, failed } = await running;
  const figures = stdout.split('\n').flatMap((line) => FIGURES.exec(line)?.groups?.['text'] ?? []);
  return { figures, failed };
}
