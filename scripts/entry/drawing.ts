// Shared by the commands that play something on a cluster of their own, record it and draw the recording.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { whyNoBed } from '../bed/build/host-packages.ts';
import type { Log } from '../bed/util/progress.ts';
import { commandOf, measuring } from './command.ts';
import { linesOf } from './json-lines.ts';

export interface Drawing<Moment> {
  readonly help: string;
  /** The path of the picture without --out. */
  readonly defaultOut: string;
  readonly play: (log: Log) => Promise<readonly Moment[]>;
  readonly momentsIn: (lines: string) => readonly Moment[];
  readonly svgOf: (moments: readonly Moment[]) => string;
}

interface Options {
  readonly out: string;
  readonly from: string | undefined;
}

/** Runs the command with --out and --from; resolves with its exit code. The recording is written beside the picture, as .jsonl. */
export async function drawing<Moment>(args: string[], drawn: Drawing<Moment>): Promise<number> {
  return measuring(
    commandOf(() => optionsIn(args, drawn.defaultOut)),
    {
      help: drawn.help,
      leaves: 'The cluster',
      run: async ({ out, from }, log) => {
        const moments =
          from === undefined ? await played(drawn, out, log) : drawn.momentsIn(await readFile(from, 'utf8'));
        await writeFile(out, drawn.svgOf(moments));
        log.say(`Drawn: ${out}`);
        return 0;
      },
    },
  );
}

async function played<Moment>(drawn: Drawing<Moment>, out: string, log: Log): Promise<readonly Moment[]> {
  const why = whyNoBed();
  if (why !== undefined) throw new Error(why);
  const moments = await drawn.play(log);
  await mkdir(dirname(out), { recursive: true });
  await writeFile(`${out.replace(/\.svg$/u, '')}.jsonl`, linesOf(moments));
  return moments;
}

/** undefined: help is wanted. */
function optionsIn(args: string[], defaultOut: string): Options | undefined {
  const { values } = parseArgs({
    args,
    options: {
      out: { type: 'string', default: defaultOut },
      from: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  return values.help ? undefined : { out: values.out, from: values.from };
}
