// The fleet bench's command line.

import { parseArgs } from 'node:util';
import { type Command, commandOf, wholeNumber } from '../entry/command.ts';

export interface FleetOptions {
  /** The sizes of the fleets, in the order in which they are measured. */
  readonly nodes: readonly number[];
  readonly soakSeconds: number;
  readonly nodeSoakSeconds: number;
  readonly json: boolean;
  /** The size of a fleet with a synthetic API server; undefined: fleets with a real one. */
  readonly synthetic: number | undefined;
}

/** The defaults of the policy. */
const DEFAULTS = { nodes: '100,1000,5000', soakSeconds: '60', nodeSoakSeconds: '10' };
const MOST_NODES = 5000;
/** A part of the synthetic fleet has 1/50 of its nodes, and 100 of them change at a time. */
const SYNTHETIC = { least: 10_000, most: 100_000 };
const MOST_SOAK_SECONDS = 3600;
const MOST_NODE_SOAK_SECONDS = 60;

export const HELP = `Usage: npm run bench:fleet [-- OPTIONS]

Starts etcd and an API server on this machine (root and Go are needed; the first time takes some minutes), lets the real
agents of N simulated nodes and the real coordinator roll out one edit of the ConfigMap, prints the figures and aims, and
removes everything. Each coordinator's /metrics is scraped every 15 s meanwhile. Only the nodes' hosts are simulated: their kubelets take as long to restart as real ones.

With --synthetic, a process of ours takes the place of etcd, the API server and the agents: it speaks the part of the API that the
coordinator uses and answers approvals with the times of real nodes. Go is not needed. About ten minutes.

Options:
  --synthetic N            one fleet of N nodes with a synthetic API server (65000: the largest clusters of GKE)
  --nodes N[,N…]           sizes of the fleets (default ${DEFAULTS.nodes})
  --soak-seconds N         soakSeconds of the policy (default ${DEFAULTS.soakSeconds})
  --node-soak-seconds N    nodeSoakSeconds of the policy (default ${DEFAULTS.nodeSoakSeconds})
  --json                   all figures as JSON; progress goes to standard error
  -h, --help               show this help

Exit codes: 0 every aim met, 1 an aim missed (named on standard error) or the bench failed, 2 wrong usage, 130 interrupted.
`;

export function parseCommand(args: readonly string[]): Command<FleetOptions> {
  return commandOf(() => {
    const { values } = parseArgs({
      args: [...args],
      options: {
        nodes: { type: 'string', default: DEFAULTS.nodes },
        'soak-seconds': { type: 'string', default: DEFAULTS.soakSeconds },
        'node-soak-seconds': { type: 'string', default: DEFAULTS.nodeSoakSeconds },
        json: { type: 'boolean', default: false },
        synthetic: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return undefined;
    const soak = { least: 0, most: MOST_SOAK_SECONDS };
    const nodeSoak = { least: 0, most: MOST_NODE_SOAK_SECONDS };
    return {
      nodes: values.nodes
        .split(',')
        .map((text) => wholeNumber('--nodes', text, { least: 2, most: MOST_NODES })),
      soakSeconds: wholeNumber('--soak-seconds', values['soak-seconds'], soak),
      nodeSoakSeconds: wholeNumber('--node-soak-seconds', values['node-soak-seconds'], nodeSoak),
      json: values.json,
      synthetic:
        values.synthetic === undefined ? undefined : wholeNumber('--synthetic', values.synthetic, SYNTHETIC),
    };
  });
}
