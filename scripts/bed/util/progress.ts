// Progress of slow work, for people.

export interface Log {
  /**
   * Runs `work` under a title; prints the title at once, a heartbeat with the elapsed seconds when it takes over
   * 2 s, and the time at its end. Rethrows what `work` throws.
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
  /** Delay before a running step's title is printed where lines stay; 0: at once. */
  readonly namedAfterMs: number;
  readonly named: (step: Step) => string;
  /** A heartbeat where lines stay. */
  readonly beat: (step: Step) => string;
  /** The line on a terminal: the newest step, and how many others run. */
  readonly live: (step: Step, others: number) => string;
  readonly ended: (step: Step, failed: boolean) => string;
  /** Colours the line on a terminal, after it was cut to the terminal's width. */
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

/** Returns a log for people: on a terminal one line rewritten in place, elsewhere plain lines with a heartbeat every 10 s. */
export function consoleLog(stream: NodeJS.WritableStream = process.stderr): Log {
  return progressOn(stream, CONSOLE);
}

/** Runs the work and prints nothing. */
export const silent: Log = {
  step: async (_title, work) => work(() => {}),
  say: () => {},
};

/** Returns a log in the given style. */
export function progressOn(stream: NodeJS.WritableStream, style: ProgressStyle): Log {
  const isTerminal = terminalWidth(stream) !== undefined;
  const active: Step[] = [];
  const draw = (): void => {
    const newest = active.at(-1);
    // The width changes when the window is resized.
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

/** Returns the suffix for other running steps; empty when there are none. */
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

/** Returns undefined where there is no terminal. */
function terminalWidth(stream: NodeJS.WritableStream): number | undefined {
  if (!('isTTY' in stream) || stream.isTTY !== true) return undefined;
  return 'columns' in stream && typeof stream.columns === 'number' && stream.columns > 0
    ? stream.columns
    : 80;
}
