// npm run matrix: runs the end-to-end cases on every kubelet version in turn.

import { cpus, release } from 'node:os';
import { ensureHostPackages, VM_PACKAGES, whyNoBed, whyNoVm } from './bed/build/host-packages.ts';
import { DEFAULT_KUBERNETES_VERSION } from './bed/build/kubernetes.ts';
import type { Log } from './bed/util/progress.ts';
import { matrix } from './matrix/matrix.ts';
import { HELP, type MatrixOptions, parseCommand } from './matrix/options.ts';
import { failureLines, markdown } from './matrix/table.ts';
import { measuring } from './entry/command.ts';

process.exitCode = await measuring(parseCommand(process.argv.slice(2)), {
  help: HELP,
  leaves: 'The cluster',
  run,
});

async function run({ versions, output, machine: kind }: MatrixOptions, log: Log): Promise<number> {
  const why = kind === 'vm' ? whyNoVm() : whyNoBed();
  if (why !== undefined) {
    log.say(why);
    return 1;
  }
  await ensureHostPackages(log);
  if (kind === 'vm') await ensureHostPackages(log, VM_PACKAGES);
  const rows = await matrix({ versions, machine: kind }, log);
  const machine = {
    nodes: kind,
    cpus: cpus().length,
    kernel: release(),
    controlPlane: DEFAULT_KUBERNETES_VERSION,
  };
  process.stdout.write(
    output === 'json' ? `${JSON.stringify({ machine, rows }, undefined, 2)}\n` : `\n${markdown(rows)}\n`,
  );
  const failures = failureLines(rows);
  for (const line of failures) log.say(`Failed: ${line}`);
  return failures.length === 0 ? 0 : 1;
}
