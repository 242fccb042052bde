// npm run bench: the project's figures, each beside its aim.

import { rowsOf } from '../test/bench/aims.ts';
import { bench } from '../test/bench/bench.ts';
import { type BenchOptions, HELP, parseCommand } from '../test/bench/options.ts';
import { machineText, markdown } from '../test/bench/table.ts';
import { consoleLog } from '../test/bed/progress.ts';

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
  return measure(command.options);
}

async function measure(options: BenchOptions): Promise<number> {
  const log = consoleLog();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      log.say('Interrupted. The cluster is removed in the background; scripts/cluster status tells.');
      process.exit(INTERRUPTED);
    });
  }
  try {
    const figures = await bench(options, log);
    const rows = rowsOf(figures);
    process.stdout.write(
      options.output === 'json'
        ? `${JSON.stringify({ ...figures, rows }, undefined, 2)}\n`
        : `${machineText(figures.machine)}\n\n${markdown(rows)}\n`,
    );
    const missed = rows.filter(({ met }) => met === false);
    for (const { what, measured, aim } of missed) log.say(`Missed: ${what}: ${measured}, aim ${aim}`);
    return missed.length === 0 ? 0 : 1;
  } catch (error) {
    log.say(error instanceof Error ? error.message : String(error));
    return 1;
  }
}
