// What the slow parts of the bed tell a person while they work.

export interface Log {
  /**
   * Runs work under a title; prints the title at once, a heartbeat with the elapsed seconds when it takes over
   * 2 s, and the time at its end. What the work throws passes through.
   */
  step<T>(title: string, work: (note: (text: string) => void) => Promise<T>): Promise<T>;
  say(text: string): void;
}

export interface Step {
  readonly title: string;
  readonly elapsedMs: () => number;
  note: string;
}

/** How steps are written. On a terminal the line of a running step is rewritten in place; elsewhere every line stays. */
export interface ProgressStyle {
  readonly terminalBeatMs: number;
  readonly plainBeatMs: number;
  /** After how long a step that still runs is named where lines stay; 0: at once. */
  readonly namedAfterMs: number;
  readonly named: (step: Step) => string;
  /** A sign of life where lines stay. */
  readonly beat: (step: Step) => string;
  /** The newest step's line on a terminal, and how many run beside it. */
  readonly live: (step: Step, others: number) => string;
  readonly ended: (step: Step, failed: boolean) => string;
  /** Of the line on a terminal, after it was cut to the terminal's width. */
  readonly paint: (line: string) => string;
}

const FIRST_BEAT_AFTER_MS = 2_000;
const CLEAR_LINE = '\r\u001b[2K';

const CONSOLE: ProgressStyle = {
  terminalBeatMs: 1_000,
  plainBeatMs: 10_000,
  namedAfterMs: 0,
  named: ({ title }) => `${title} …`,
  beat: (step) => `  ${running(step)}`,
  live: (step, others) =>
    step.elapsedMs() < FIRST_BEAT_AFTER_MS ? `${step.title} …` : `${running(step)}${besides(others)}`,
  ended: ({ title, elapsedMs }, failed) =>
    `${title}: ${failed ? 'failed after' : 'done in'} ${(elapsedMs() / 1000).toFixed(1)} s`,
  paint: (line) => line,
};

/** Progress for a person: on a terminal one line rewritten in place, elsewhere plain lines with a beat every 10 s. */
export function consoleLog(stream: NodeJS.WritableStream = process.stderr): Log {
  return progressOn(stream, CONSOLE);
}

/** Says nothing; the work runs all the same. */
export const silent: Log = {
  step: async (_title, work) => work(() => {}),
  say: () => {},
};

/** Progress in a style of its own. */
export function progressOn(stream: NodeJS.WritableStream, style: ProgressStyle): Log {
  const isTerminal = terminalWidth(stream) !== undefined;
  const active: Step[] = [];
  const draw = (): void => {
    const newest = active.at(-1);
    // It changes when a person resizes the window.
    const width = terminalWidth(stream);
    if (width === undefined || newest === undefined) return;
    stream.write(CLEAR_LINE + style.paint(style.live(newest, active.length - 1).slice(0, width - 1)));
  };
  const say = (text: string): void => {
    stream.write(`${isTerminal ? CLEAR_LINE : ''}${text}\n`);
    draw();
  };
  return {
    say,
    async step(title, work) {
      const step = begin(title);
      active.push(step);
      draw();
      const stop = isTerminal ? every(style.terminalBeatMs, draw) : beatInLines(step, style, say);
      const end = (failed: boolean): void => {
        stop();
        active.splice(active.indexOf(step), 1);
        say(style.ended(step, failed));
      };
      try {
        const result = await work((text) => {
          step.note = text;
        });
        end(false);
        return result;
      } catch (error) {
        end(true);
        throw error;
      }
    },
  };
}

/** What a line says of the steps that run beside its own. */
export function besides(others: number): string {
  return others === 0 ? '' : ` (and ${others} more)`;
}

function begin(title: string): Step {
  const begunAt = performance.now();
  return { title, elapsedMs: () => performance.now() - begunAt, note: '' };
}

function beatInLines(step: Step, style: ProgressStyle, say: (line: string) => void): () => void {
  const name = (): void => say(style.named(step));
  if (style.namedAfterMs === 0) name();
  const naming = style.namedAfterMs === 0 ? undefined : setTimeout(name, style.namedAfterMs);
  const stop = every(style.plainBeatMs, () => say(style.beat(step)));
  return () => {
    clearTimeout(naming);
    stop();
  };
}

function every(ms: number, work: () => void): () => void {
  const timer = setInterval(work, ms);
  return () => clearInterval(timer);
}

function running({ title, elapsedMs, note }: Step): string {
  return `${title} … ${(elapsedMs() / 1000).toFixed(0)} s${note === '' ? '' : `: ${note}`}`;
}

/** undefined where there is no terminal. */
function terminalWidth(stream: NodeJS.WritableStream): number | undefined {
  if (!('isTTY' in stream) || stream.isTTY !== true) return undefined;
  return 'columns' in stream && typeof stream.columns === 'number' && stream.columns > 0
    ? stream.columns
    : 80;
}
