// How the demo tells what happens: numbered chapters, what is typed, what is answered, and what came true after how long.

import { colorsFor } from '../../agent/cli/colors.ts';
import { wrap } from '../../agent/text/wrap.ts';
import { besides, type Log, progressOn, type Step } from '../bed/util/progress.ts';

export interface Story extends Log {
  /** A heading; chapters are numbered as they come. */
  chapter(title: string): void;
  /** A paragraph for a person. */
  tell(text: string): void;
  /** A command as a person types it; a kubectl at its beginning becomes the one to be called here. */
  typed(command: string): void;
  /** What a command or the cluster says, word for word. */
  quote(text: string): void;
  /** Something that came true; `ms` is how long it took, where it took any. */
  tick(text: string, ms?: number): void;
}

const SHOW_AFTER_MS = 2000;
const WIDTH = 100;
const TIME_COLUMN = 76;

export interface StoryOptions {
  readonly stream: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  /** How a person has to call kubectl here. */
  readonly kubectl?: string;
}

/** Colours and a line of progress rewritten in place on a terminal only; elsewhere every line stays. */
export function createStory({ stream, kubectl = 'kubectl' }: StoryOptions): Story {
  const colours = colorsFor(stream);
  let chapters = 0;
  const marked = (sign: string, text: string, ms: number | undefined): string => {
    const time = ms === undefined ? '' : colours.dim(`${' '.repeat(gap(text))}${inSeconds(ms)}`);
    return `  ${sign} ${text}${time}`;
  };
  const done = colours.green('✓');
  const log = progressOn(stream, {
    terminalBeatMs: 250,
    plainBeatMs: 15_000,
    namedAfterMs: 5000,
    named: ({ title }) => colours.dim(`  … ${title}`),
    beat: (each) => colours.dim(`  … ${progress(each)}`),
    live: (each, others) => `  … ${progress(each)}${besides(others)}`,
    ended: ({ title, elapsedMs }, failed) => marked(failed ? colours.red('✗') : done, title, elapsedMs()),
    paint: colours.dim,
  });

  return {
    step: (title, work) => log.step(title, work),
    chapter: (title) => log.say(`\n${colours.bold(`${(chapters += 1)}  ${title}`)}`),
    tell: (text) => log.say(`\n${indented(wrap(text, WIDTH - 2), '  ')}`),
    say: (text) => log.say(indented(text.split('\n'), '  ')),
    typed: (command) =>
      log.say(`\n  ${colours.dim('$')} ${colours.cyan(command.replace(/^kubectl\b/, kubectl))}`),
    quote: (text) => log.say(indented(text.split('\n'), '    ')),
    tick: (text, ms) => log.say(marked(done, text, ms)),
  };
}

function indented(lines: readonly string[], indent: string): string {
  return lines.map((line) => (line === '' ? '' : indent + line)).join('\n');
}

function progress({ title, elapsedMs, note }: Step): string {
  const ms = elapsedMs();
  const noted = note === '' ? '' : `: ${note}`;
  return `${title}${ms < SHOW_AFTER_MS ? '' : `  ${Math.round(ms / 1000)} s${noted}`}`;
}

/** Times stand in one column as far as the texts before them allow. */
function gap(text: string): number {
  return Math.max(2, TIME_COLUMN - text.length);
}

function inSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1).padStart(5)} s`;
}
