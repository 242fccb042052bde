// npm run timeline: plays a rollout on real nodes and draws it.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { whyNoBed } from '../test/bed/host-packages.ts';
import { consoleLog } from '../test/bed/progress.ts';
import { timelineOf } from '../test/timeline/model.ts';
import { linesOf, type Moment, momentsIn } from '../test/timeline/moments.ts';
import { playRollout } from '../test/timeline/play.ts';
import { svgOf } from '../test/timeline/svg.ts';

const DEFAULT_OUT = 'docs/rollout.svg';
const CAPTION = {
  title: 'A rollout that meets a node on which the new list fails',
  subtitle:
    'Three real nodes, canary 1, maxUnavailable 1, failureThreshold 1; recorded from their annotations',
};

const HELP = `Usage: npm run timeline [-- OPTIONS]

Starts a cluster of three nodes on this machine (root and Go are needed; the first time takes some minutes), plays a rollout
with a canary, a node that fails, a halt and the edit that mends it, draws what the nodes showed, and removes the cluster.

Options:
  --out FILE    where the picture goes (default ${DEFAULT_OUT}); what was recorded goes beside it, as .jsonl
  --from FILE   draws an earlier recording instead of playing one
  -h, --help    this text

Exit codes: 0 drawn, 1 the rollout did not go as it should, 2 wrong usage.
`;

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  const command = parse(args);
  if (typeof command === 'number') return command;
  const { out, from } = command;
  const log = consoleLog();
  try {
    const moments = from === undefined ? await played(out) : momentsIn(await readFile(from, 'utf8'));
    await writeFile(out, svgOf(timelineOf(moments), CAPTION));
    log.say(`Drawn: ${out}`);
    return 0;
  } catch (error) {
    log.say(error instanceof Error ? error.message : String(error));
    return 1;
  }
}

async function played(out: string): Promise<readonly Moment[]> {
  const why = whyNoBed();
  if (why !== undefined) throw new Error(why);
  const moments = await playRollout(consoleLog());
  await mkdir(dirname(out), { recursive: true });
  await writeFile(`${out.replace(/\.svg$/u, '')}.jsonl`, linesOf(moments));
  return moments;
}

/** An exit code when there is nothing to draw. */
function parse(args: string[]): { readonly out: string; readonly from: string | undefined } | number {
  try {
    const { values } = parseArgs({
      args,
      options: {
        out: { type: 'string', default: DEFAULT_OUT },
        from: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (!values.help) return { out: values.out, from: values.from };
    process.stdout.write(HELP);
    return 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    return 2;
  }
}
