// npm run recording: plays a first edit in a shell on real nodes and draws what the terminal showed.

import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { whyNoBed } from './bed/build/host-packages.ts';
import type { Log } from './bed/util/progress.ts';
import { type Command, commandOf, measuring } from './entry/command.ts';
import { linesOf, momentsIn, type TerminalMoment } from './recording/moments.ts';
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

interface Options {
  readonly out: string;
  readonly from: string | undefined;
}

process.exitCode = await measuring(parseCommand(process.argv.slice(2)), {
  help: HELP,
  leaves: 'The cluster',
  run: draw,
});

async function draw({ out, from }: Options, log: Log): Promise<number> {
  const moments = from === undefined ? await played(out, log) : momentsIn(await readFile(from, 'utf8'));
  await writeFile(out, terminalSvg(moments));
  log.say(`Drawn: ${out}`);
  return 0;
}

async function played(out: string, log: Log): Promise<readonly TerminalMoment[]> {
  const why = whyNoBed();
  if (why !== undefined) throw new Error(why);
  const moments = await playFirstEdit(log);
  await writeFile(`${out.replace(/\.svg$/u, '')}.jsonl`, linesOf(moments));
  return moments;
}

function parseCommand(args: string[]): Command<Options> {
  return commandOf(() => {
    const { values } = parseArgs({
      args,
      options: {
        out: { type: 'string', default: DEFAULT_OUT },
        from: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    return values.help ? undefined : { out: values.out, from: values.from };
  });
}
