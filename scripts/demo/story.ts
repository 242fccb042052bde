// How the demo tells what happens: numbered chapters, what is typed, what is answered, and what came true after how long.

import { colorsFor } from '../../agent/cli/colors.ts';
import { wrap } from '../../agent/text/wrap.ts';
import type { Log } from '../../test/bed/progress.ts';

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

interface Step {
  readonly title: string;
  readonly begun: number;
  note: string;
}

const SHOW_AFTER_MS = 2000;
const PLAIN_SHOW_AFTER_MS = 5000;
const PLAIN_BEAT_MS = 15_000;
const TERMINAL_BEAT_MS = 250;
const WIDTH = 100;
const TIME_COLUMN = 76;
const CLEAR_LINE = '\r\u001b[2K';

export interface StoryOptions {
  readonly stream: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  /** How a person has to call kubectl here. */
  readonly kubectl?: string;
}

/** Colours and a line of progress rewritten in place on a terminal only; elsewhere every line stays. */
export function createStory({ stream, kubectl = 'kubectl' }: StoryOptions): Story {
  const colours = colorsFor(stream);
  const steps: Step[] = [];
  let chapters = 0;

  const write = (text: string): void => {
    stream.write(`${stream.isTTY === true ? CLEAR_LINE : ''}${text}\n`);
    draw();
  };
  const draw = (): void => {
    const step = steps.at(-1);
    if (stream.isTTY !== true || step === undefined) return;
    const line = `  … ${progress(step)}${steps.length > 1 ? ` (and ${steps.length - 1} more)` : ''}`;
    stream.write(CLEAR_LINE + colours.dim(line.slice(0, (stream.columns || 80) - 1)));
  };
  const mark = (sign: string, text: string, ms: number | undefined): void => {
    const time = ms === undefined ? '' : colours.dim(`${' '.repeat(gap(text))}${inSeconds(ms)}`);
    write(`  ${sign} ${text}${time}`);
  };

  return {
    chapter: (title) => write(`\n${colours.bold(`${(chapters += 1)}  ${title}`)}`),
    tell: (text) => write(`\n${indented(wrap(text, WIDTH - 2), '  ')}`),
    say: (text) => write(indented(text.split('\n'), '  ')),
    typed: (command) =>
      write(`\n  ${colours.dim('$')} ${colours.cyan(command.replace(/^kubectl\b/, kubectl))}`),
    quote: (text) => write(indented(text.split('\n'), '    ')),
    tick: (text, ms) => mark(colours.green('✓'), text, ms),
    async step(title, work) {
      const step: Step = { title, begun: performance.now(), note: '' };
      steps.push(step);
      const stop =
        stream.isTTY === true ? beatInPlace(draw) : beatInLines(step, (line) => write(colours.dim(line)));
      draw();
      const end = (sign: string): void => {
        stop();
        steps.splice(steps.indexOf(step), 1);
        mark(sign, title, elapsed(step));
      };
      try {
        const result = await work((note) => {
          step.note = note;
        });
        end(colours.green('✓'));
        return result;
      } catch (error) {
        end(colours.red('✗'));
        throw error;
      }
    },
  };
}

function indented(lines: readonly string[], indent: string): string {
  return lines.map((line) => (line === '' ? '' : indent + line)).join('\n');
}

function beatInPlace(draw: () => void): () => void {
  const beat = setInterval(draw, TERMINAL_BEAT_MS);
  return () => clearInterval(beat);
}

function beatInLines(step: Step, write: (line: string) => void): () => void {
  const first = setTimeout(() => write(`  … ${step.title}`), PLAIN_SHOW_AFTER_MS);
  const beat = setInterval(() => write(`  … ${progress(step)}`), PLAIN_BEAT_MS);
  return () => {
    clearTimeout(first);
    clearInterval(beat);
  };
}

function progress(step: Step): string {
  const note = step.note === '' ? '' : `: ${step.note}`;
  const ms = elapsed(step);
  return `${step.title}${ms < SHOW_AFTER_MS ? '' : `  ${Math.round(ms / 1000)} s${note}`}`;
}

function elapsed(step: Step): number {
  return performance.now() - step.begun;
}

/** Times stand in one column as far as the texts before them allow. */
function gap(text: string): number {
  return Math.max(2, TIME_COLUMN - text.length);
}

function inSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1).padStart(5)} s`;
}
