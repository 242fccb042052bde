// npm run bench: the project's figures, each beside its aim.

import { rowsOf } from './bench/report/aims.ts';
import { bench } from './bench/bench.ts';
import { type BenchOptions, HELP, parseCommand } from './bench/options.ts';
import { machineText, markdown } from './bench/report/table.ts';
import type { Log } from './bed/util/progress.ts';
import { measuring } from './entry/command.ts';

process.exitCode = await measuring(parseCommand(process.argv.slice(2)), {
  help: HELP,
  leaves: 'The cluster',
  run: measure,
});

async function measure(options: BenchOptions, log: Log): Promise<number> {
  const figures = await bench(options, log);
  const rows = rowsOf(figures);
  process.stdout.write(
    options.output === 'json'
      ? `${JSON.stringify({ ...figures, rows }, undefined, 2)}\n`
      : `${machineText(figures)}\n\n${markdown(rows)}\n`,
  );
  const missed = rows.filter(({ met }) => met === false);
  for (const { what, measured, aim } of missed) log.say(`Missed: ${what}: ${measured}, aim ${aim}`);
  return missed.length === 0 ? 0 : 1;
}
