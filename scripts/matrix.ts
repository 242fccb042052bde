// npm run matrix: the end-to-end cases on every kubelet, one version after another.

import { cpus, release } from 'node:os';
import { ensureHostPackages, whyNoBed } from '../test/bed/host-packages.ts';
import { DEFAULT_KUBERNETES_VERSION } from '../test/bed/kubernetes.ts';
import { consoleLog } from '../test/bed/progress.ts';
import { matrix } from '../test/matrix/matrix.ts';
import { HELP, type MatrixOptions, parseCommand } from '../test/matrix/options.ts';
import { failureLines, markdown } from '../test/matrix/table.ts';

const INTERRUPTED = 130;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const command = parseCommand(args);
  if (command.kind === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  if (command.kind === 'usage') {
    process.stderr.write(`${command.message}\n\n${HELP}`);
    return 2;
  }
  return run(command.options);
}

async function run({ versions, output }: MatrixOptions): Promise<number> {
  const log = consoleLog();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      log.say('Interrupted. The cluster is removed in the background; scripts/cluster status tells.');
      process.exit(INTERRUPTED);
    });
  }
  const why = whyNoBed();
  if (why !== undefined) {
    log.say(why);
    return 1;
  }
  try {
    await ensureHostPackages(log);
    const rows = await matrix(versions, log);
    const machine = { cpus: cpus().length, kernel: release(), controlPlane: DEFAULT_KUBERNETES_VERSION };
    process.stdout.write(
      output === 'json' ? `${JSON.stringify({ machine, rows }, undefined, 2)}\n` : `\n${markdown(rows)}\n`,
    );
    const failures = failureLines(rows);
    for (const line of failures) log.say(`Failed: ${line}`);
    return failures.length === 0 ? 0 : 1;
  } catch (error) {
    log.say(error instanceof Error ? error.message : String(error));
    return 1;
  }
}
