// npm run machines: the cases of test/machines, on a node that is a virtual machine, with their figures.

import { parseArgs } from 'node:util';
import { ensureHostPackages, VM_PACKAGES, whyNoVm } from './bed/build/host-packages.ts';
import { VM_SYSTEMS, type VmSystem } from './bed/node/layouts.ts';
import { DEFAULT_SYSTEM, systemNamed } from './bed/node/vm/systems.ts';
import { consoleLog } from './bed/util/progress.ts';
import { type Command, commandOf, runCommand } from './entry/command.ts';
import { runWithFigures } from './entry/run-with-figures.ts';
import { FILES, SHORT_FILES } from './machines/files.ts';

const HELP = `Usage: npm run machines [-- [--short] [--system NAME] [FILE …]]

Starts a cluster whose node is a virtual machine and runs what only such a node proves: the main job, power cuts and
crashes of the kernel in the middle of a change, an agent that AppArmor or SELinux confines, memory on cgroup v2.
Takes hours where QEMU emulates the processor, as it does without a KVM in which guests run.

FILE selects the files of test/machines whose path contains it, such as interrupted.

Options:
  --short        what npm test has: one edit, the agent's memory, and three power cuts
  --system NAME  what the machine runs: ${VM_SYSTEMS.join(', ')};
                 default: each in turn, and debian13 with --short or FILE

Environment:
  KUBELET_SYSCTLS_FAULTS_SEED=N    repeats the random instants of an earlier run, which printed its seed
  KUBELET_SYSCTLS_E2E_BED=NAME     uses or starts this cluster, and leaves it up

Exit codes: 0 nothing failed, 1 a test failed or this machine cannot run them, 2 wrong usage.
`;

interface Options {
  readonly length: 'short' | 'long';
  readonly runs: readonly { readonly system: VmSystem; readonly files: readonly string[] }[];
}

process.exitCode = await runCommand(parseCommand(process.argv.slice(2)), HELP, run);

async function run({ length, runs }: Options): Promise<number> {
  const why = whyNoVm();
  if (why !== undefined) {
    process.stderr.write(`${why}\n`);
    return 1;
  }
  const log = consoleLog();
  await ensureHostPackages(log);
  await ensureHostPackages(log, VM_PACKAGES);
  const codes: number[] = [];
  for (const { system, files } of runs) {
    const env = { KUBELET_SYSCTLS_MACHINES: length, KUBELET_SYSCTLS_MACHINES_SYSTEM: system };
    codes.push(await runWithFigures({ project: 'machines', folder: 'test/machines/', files, env }));
  }
  return Math.max(...codes);
}

function parseCommand(args: string[]): Command<Options> {
  return commandOf(() => {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        short: { type: 'boolean', default: false },
        system: { type: 'string' },
      },
    });
    if (values.help) return undefined;
    const isOne = values.short || positionals.length > 0;
    const byDefault = isOne ? [DEFAULT_SYSTEM] : VM_SYSTEMS;
    const systems = values.system === undefined ? byDefault : [systemNamed(values.system, '--system')];
    const filesOf = (system: VmSystem): readonly string[] =>
      values.short && system === 'debian13' ? SHORT_FILES : FILES[system];
    return {
      length: values.short ? 'short' : 'long',
      runs: systems.map((system) => ({
        system,
        files: positionals.length > 0 ? positionals : filesOf(system),
      })),
    };
  });
}
