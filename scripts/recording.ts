// npm run recording: plays a first edit in a shell on real nodes and draws what the terminal showed.

import { drawing } from './entry/drawing.ts';
import { momentsIn } from './recording/moments.ts';
import { playFirstEdit } from './recording/play.ts';
import { terminalSvg } from './recording/svg.ts';

const DEFAULT_OUT = 'docs/first-edit.svg';

const HELP = `Usage: npm run recording [-- OPTIONS]

Starts a cluster of two nodes on this machine (root and Go are needed; the first time takes some minutes), enters the commands of a
first edit in a shell, records what they print and when, draws that as a terminal, and removes the cluster.

Options:
  --out FILE    path of the picture (default ${DEFAULT_OUT}); the recording is written beside it as .jsonl
  --from FILE   draws an earlier recording instead of playing one
  -h, --help    show this help

Exit codes: 0 drawn, 1 a command failed, 2 wrong usage, 130 interrupted.
`;

process.exitCode = await drawing(process.argv.slice(2), {
  help: HELP,
  defaultOut: DEFAULT_OUT,
  play: playFirstEdit,
  momentsIn,
  svgOf: terminalSvg,
});
