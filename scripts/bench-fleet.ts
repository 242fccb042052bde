// npm run bench:fleet: the cost of a rollout over many nodes, each figure beside its aim.

import type { Log } from './bed/util/progress.ts';
import { rowsOf } from './fleet/report/aims.ts';
import { benchFleet } from './fleet/bench.ts';
import { type FleetOptions, HELP, parseCommand } from './fleet/options.ts';
import { fleetTable, othersTable, othersText, settingText } from './fleet/report/table.ts';
import { measuring } from './entry/command.ts';

process.exitCode = await measuring(parseCommand(process.argv.slice(2)), {
  help: HELP,
  leaves: 'The API server',
  run: measure,
});

async function measure(options: FleetOptions, log: Log): Promise<number> {
  const figures = await benchFleet(options, log);
  const rows = rowsOf(figures);
  const text = [
    settingText(figures),
    fleetTable(options.nodes, rows),
    othersTable(figures),
    othersText(figures),
  ];
  process.stdout.write(
    options.json ? `${JSON.stringify({ ...figures, rows }, undefined, 2)}\n` : `${text.join('\n\n')}\n`,
  );
  const missed = rows.filter(({ missedAt }) => missedAt.length > 0);
  for (const { what, measured, aim } of missed)
    log.say(`Missed: ${what}: ${measured.join(', ')}, aim ${aim}`);
  return missed.length === 0 ? 0 : 1;
}
