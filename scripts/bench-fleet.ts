// npm run bench:fleet: what a rollout over many nodes costs, each figure beside its aim.

import { consoleLog } from '../test/bed/progress.ts';
import { rowsOf } from '../test/fleet/aims.ts';
import { benchFleet } from '../test/fleet/bench.ts';
import { type FleetOptions, HELP, parseCommand } from '../test/fleet/options.ts';
import { fleetTable, othersTable, othersText, settingText } from '../test/fleet/table.ts';

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

async function measure(options: FleetOptions): Promise<number> {
  const log = consoleLog();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      log.say('Interrupted. The API server is removed in the background; scripts/cluster status tells.');
      process.exit(INTERRUPTED);
    });
  }
  try {
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
  } catch (error) {
    log.say(error instanceof Error ? error.message : String(error));
    return 1;
  }
}
