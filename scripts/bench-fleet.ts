// npm run bench:fleet: the cost of a rollout over many nodes, each figure beside its aim.

import type { Log } from './bed/util/progress.ts';
import { rowsOf } from './fleet/report/aims.ts';
import { benchFleet } from './fleet/bench.ts';
import { type FleetOptions, HELP, parseCommand } from './fleet/options.ts';
import type { FleetRow } from './fleet/report/rows.ts';
import { benchSynthetic } from './fleet/synthetic/bench.ts';
import { syntheticRows, syntheticText } from './fleet/synthetic/rows.ts';
import { fleetTable, othersTable, othersText, settingText } from './fleet/report/table.ts';
import { measuring } from './entry/command.ts';

process.exitCode = await measuring(parseCommand(process.argv.slice(2)), {
  help: HELP,
  leaves: 'The API server',
  run: measure,
});

async function measure(options: FleetOptions, log: Log): Promise<number> {
  if (options.synthetic !== undefined) return measureSynthetic(options.synthetic, options, log);
  const figures = await benchFleet(options, log);
  const rows = rowsOf(figures);
  const text = [
    settingText(figures),
    fleetTable(options.nodes, rows),
    othersTable(figures),
    othersText(figures),
  ];
  return report({ figures, rows, text }, options, log);
}

async function measureSynthetic(nodes: number, options: FleetOptions, log: Log): Promise<number> {
  const figures = await benchSynthetic(nodes, options, log);
  const rows = syntheticRows(figures);
  return report({ figures, rows, text: [syntheticText(figures), fleetTable([nodes], rows)] }, options, log);
}

interface Report {
  readonly figures: object;
  readonly rows: readonly FleetRow[];
  readonly text: readonly string[];
}

/** Prints the figures; returns the exit code. */
function report({ figures, rows, text }: Report, { json }: FleetOptions, log: Log): number {
  process.stdout.write(
    json ? `${JSON.stringify({ ...figures, rows }, undefined, 2)}\n` : `${text.join('\n\n')}\n`,
  );
  const missed = rows.filter(({ missedAt }) => missedAt.length > 0);
  for (const { what, measured, aim } of missed)
    log.say(`Missed: ${what}: ${measured.join(', ')}, aim ${aim}`);
  return missed.length === 0 ? 0 : 1;
}
