// npm run machines: the cases of test/machines, on a node that is a virtual machine, with their figures.

import { parseArgs } from 'node:util';
import { ensureHostPackages, VM_PACKAGES, whyNoVm } from './bed/build/host-packages.ts';
import { consoleLog } from './bed/util/progress.ts';
import { type Command, commandOf, runCommand } from './entry/command.ts';
import { runWithFigures } from './entry/run-with-figures.ts';

const HELP = `Usage: npm run machines [-- [--short] [FILE …]]

Starts a cluster whose node is a virtual machine (Debian 13, cgroup v2, AppArmor) and runs what only such a node proves:
the main job, power cuts and crashes of the kernel in the middle of a change, an agent that AppArmor confines, memory.
Takes hours where QEMU emulates the processor, as it does without a KVM in which guests run.

FILE selects the files of test/machines whose path contains it, such as interrupted.

Options:
  --short  one power cut instead of all interruptions, and without the cases of the bed itself

Environment:
  KUBELET_SYSCTLS_FAULTS_SEED=N    repeats the random instants of an earlier run, which printed its seed
  KUBELET_SYSCTLS_E2E_BED=NAME     uses or starts this cluster, and leaves it up

Exit codes: 0 nothing failed, 1 a test failed or this machine cannot run them, 2 wrong usage.
`;
/** Those that a run of minutes has. */
const SHORT = ['main-job', 'apparmor', 'memory', 'interrupted'];

interface Options {
  readonly length: 'short' | 'long';
  readonly files: readonly string[];
}

process.exitCode = await runCommand(parseCommand(process.argv.slice(2)), HELP, run);

async function run({ length, files }: Options): Promise<number> {
  const why = whyNoVm();
  if (why !== undefined) {
    process.stderr.write(`${why}\n`);
    return 1;
  }
  const log = consoleLog();
  await ensureHostPackages(log);
  await ensureHostPackages(log, VM_PACKAGES);
  const env = { KUBELET_SYSCTLS_MACHINES: length };
  return runWithFigures({ project: 'machines', folder: 'test/machines/', files, env });
}

function parseCommand(args: string[]): Command<Options> {
  return commandOf(() => {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        short: { type: 'boolean', default: false },
      },
    });
    if (values.help) return undefined;
    return {
      length: values.short ? 'short' : 'long',
      files: positionals.length === 0 && values.short ? SHORT : positionals,
    };
  });
}
