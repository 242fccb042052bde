// The demo's output: numbered chapters, commands, their output, and results with their durations.

import { colorsFor } from '../../agent/cli/colors.ts';
import { wrap } from '../../agent/text/wrap.ts';
import { besides, type Log, progressOn, type Step } from '../bed/util/progress.ts';

export interface Story extends Log {
  /** Prints a numbered heading. */
  chapter(title: string): void;
  /** Prints a paragraph. */
  tell(text: string): void;
  /** Prints a command; replaces a leading `kubectl` by the one to call here. */
  typed(command: string): void;
  /** Prints output of a command or of the cluster unchanged. */
  quote(text: string): void;
  /** Prints a result; `ms` is its duration, where there is one. */
  tick(text: string, ms?: number): void;
}

const SHOW_AFTER_MS = 2000;
const WIDTH = 100;
const TIME_COLUMN = 76;

export interface StoryOptions {
  readonly stream: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  /** The kubectl command line for this cluster. */
  readonly kubectl?: string;
}

/** Returns a story; it uses colours and rewrites the progress line only on a terminal. */
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

/** Returns the padding that aligns durations in one column, as far as the text allows. */
function gap(text: string): number {
  return Math.max(2, TIME_COLUMN - text.length);
}

function inSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1).padStart(5)} s`;
}
