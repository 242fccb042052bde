// The bench's command line.

import { parseArgs } from 'node:util';
import { type Command, commandOf, wholeNumber } from '../entry/command.ts';

export interface BenchOptions {
  readonly rounds: number;
  readonly idleSeconds: number;
  readonly output: (typeof OUTPUTS)[number];
}

const OUTPUTS = ['markdown', 'json'] as const;
const DEFAULT_ROUNDS = 10;
/** Contains two liveness probes, the most expensive work of an idle agent. */
const DEFAULT_IDLE_SECONDS = 240;
const SHORTEST_IDLE_SECONDS = 60;

export const HELP = `Usage: npm run bench [-- OPTIONS]

Starts a cluster of one node on this machine (root and Go are needed; the first time takes some minutes), installs the
agent, compares it with the same work done by hand, prints the figures beside their aims, and removes the cluster.

Options:
  --rounds N         rounds of each kind, alternating (default ${DEFAULT_ROUNDS})
  --idle-seconds N   how long to measure the idle agent, at least ${SHORTEST_IDLE_SECONDS} (default ${DEFAULT_IDLE_SECONDS})
  --output FORMAT    ${OUTPUTS.join(' or ')} (default ${OUTPUTS[0]}); progress goes to standard error
  -h, --help         show this help

Exit codes: 0 every aim met, 1 an aim missed (named on standard error) or the bench failed, 2 wrong usage, 130 interrupted.
A busy machine distorts the figures. The result shows the load before the first round.
`;

export function parseCommand(args: readonly string[]): Command<BenchOptions> {
  return commandOf(() => {
    const { values } = parseArgs({
      args: [...args],
      options: {
        rounds: { type: 'string', default: String(DEFAULT_ROUNDS) },
        'idle-seconds': { type: 'string', default: String(DEFAULT_IDLE_SECONDS) },
        output: { type: 'string', default: OUTPUTS[0] },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return undefined;
    const output = OUTPUTS.find((name) => name === values.output);
    if (output === undefined)
      throw new Error(`Expected --output ${OUTPUTS.join(' or ')}, got ${values.output}`);
    return {
      rounds: wholeNumber('--rounds', values.rounds, { least: 1 }),
      idleSeconds: wholeNumber('--idle-seconds', values['idle-seconds'], { least: SHORTEST_IDLE_SECONDS }),
      output,
    };
  });
}
