// The command line of npm run bench:image.

import { parseArgs } from 'node:util';
import { type Command, commandOf, wholeNumber } from '../../entry/command.ts';

export interface ImageBenchOptions {
  readonly rounds: number;
}

const DEFAULT_ROUNDS = 8;

export const HELP = `Usage: npm run bench:image [-- OPTIONS]

Builds the agent's image on two bases, the one of npm run release and Debian's minimal system, with the same Node. Compares their
size and packages, and on a cluster of one node the time from the start of the container to the agent's first report.

Options:
  --rounds N   starts of each image, alternating (default ${DEFAULT_ROUNDS})
  -h, --help   show this help

Exit codes: 0 measured, 1 the bench failed, 2 wrong usage, 130 interrupted.
A busy machine distorts the times.
`;

export function parseImageCommand(args: readonly string[]): Command<ImageBenchOptions> {
  return commandOf(() => {
    const { values } = parseArgs({
      args: [...args],
      options: {
        rounds: { type: 'string', default: String(DEFAULT_ROUNDS) },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    return values.help ? undefined : { rounds: wholeNumber('--rounds', values.rounds, { least: 1 }) };
  });
}
