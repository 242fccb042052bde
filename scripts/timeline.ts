// npm run timeline: plays a rollout on real nodes and draws it.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { whyNoBed } from './bed/build/host-packages.ts';
import type { Log } from './bed/util/progress.ts';
import { timelineOf } from './timeline/model.ts';
import { linesOf, type Moment, momentsIn } from './timeline/moments.ts';
import { playRollout } from './timeline/play.ts';
import { svgOf } from './timeline/svg.ts';
import { type Command, commandOf, measuring } from './entry/command.ts';

const DEFAULT_OUT = 'docs/rollout.svg';
const CAPTION = {
  title: 'A rollout that meets a node on which the new list fails',
  subtitle:
    'Three real nodes, canary 1, maxUnavailable 1, failureThreshold 1; recorded from their annotations',
};

const HELP = `Usage: npm run timeline [-- OPTIONS]

Starts a cluster of three nodes on this machine (root and Go are needed; the first time takes some minutes), plays a rollout
with a canary, a node that fails, a halt and the edit that fixes it, draws what the nodes showed, and removes the cluster.

Options:
  --out FILE    path of the picture (default ${DEFAULT_OUT}); the recording is written beside it as .jsonl
  --from FILE   draws an earlier recording instead of playing one
  -h, --help    show this help

Exit codes: 0 drawn, 1 the rollout failed, 2 wrong usage, 130 interrupted.
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
  await writeFile(out, svgOf(timelineOf(moments), CAPTION));
  log.say(`Drawn: ${out}`);
  return 0;
}

async function played(out: string, log: Log): Promise<readonly Moment[]> {
  const why = whyNoBed();
  if (why !== undefined) throw new Error(why);
  const moments = await playRollout(log);
  await mkdir(dirname(out), { recursive: true });
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
