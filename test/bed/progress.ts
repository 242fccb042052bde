// What the slow parts of the bed tell a person while they work.

export interface Log {
  /**
   * Runs work under a title; prints the title at once, a heartbeat with the elapsed seconds when it takes over
   * 2 s, and the time at its end. What the work throws passes through.
   */
  step<T>(title: string, work: (note: (text: string) => void) => Promise<T>): Promise<T>;
  say(text: string): void;
}

interface Step {
  readonly title: string;
  readonly startedAt: number;
  note: string;
}

const TERMINAL_BEAT_MS = 1_000;
const PLAIN_BEAT_MS = 10_000;
const FIRST_BEAT_AFTER_MS = 2_000;
const CLEAR_LINE = '\r\u001b[2K';

/** Progress for a person: on a terminal one line rewritten in place, elsewhere plain lines with a beat every 10 s. */
export function consoleLog(stream: NodeJS.WritableStream = process.stderr): Log {
  return terminalWidth(stream) === undefined ? plainLog(stream) : terminalLog(stream);
}

/** Says nothing; the work runs all the same. */
export const silent: Log = {
  step: async (_title, work) => work(() => {}),
  say: () => {},
};

function plainLog(stream: NodeJS.WritableStream): Log {
  return {
    say: (text) => void stream.write(`${text}\n`),
    step: (title, work) => {
      const step = begin(title);
      stream.write(`${title} …\n`);
      const beat = setInterval(() => stream.write(`  ${running(step)}\n`), PLAIN_BEAT_MS);
      return finish(step, work, (outcome) => {
        clearInterval(beat);
        stream.write(`${outcome}\n`);
      });
    },
  };
}

function terminalLog(stream: NodeJS.WritableStream): Log {
  const active: Step[] = [];
  const draw = (): void => {
    stream.write(CLEAR_LINE + liveLine(active).slice(0, (terminalWidth(stream) ?? 80) - 1));
  };
  const print = (text: string): void => {
    stream.write(`${CLEAR_LINE}${text}\n`);
    if (active.length > 0) draw();
  };
  return {
    say: print,
    step: (title, work) => {
      const step = begin(title);
      active.push(step);
      draw();
      const beat = setInterval(draw, TERMINAL_BEAT_MS);
      return finish(step, work, (outcome) => {
        clearInterval(beat);
        active.splice(active.indexOf(step), 1);
        print(outcome);
      });
    },
  };
}

/** The newest step is shown: the others wait for it or run beside it. */
function liveLine(active: readonly Step[]): string {
  const step = active.at(-1);
  if (step === undefined) return '';
  const others = active.length === 1 ? '' : ` (and ${active.length - 1} more)`;
  return elapsedMs(step) < FIRST_BEAT_AFTER_MS ? `${step.title} …` : `${running(step)}${others}`;
}

async function finish<T>(
  step: Step,
  work: (note: (text: string) => void) => Promise<T>,
  end: (outcome: string) => void,
): Promise<T> {
  try {
    const result = await work((text) => {
      step.note = text;
    });
    end(`${step.title}: done in ${inSeconds(elapsedMs(step), 1)}`);
    return result;
  } catch (error) {
    end(`${step.title}: failed after ${inSeconds(elapsedMs(step), 1)}`);
    throw error;
  }
}

function begin(title: string): Step {
  return { title, startedAt: performance.now(), note: '' };
}

function running(step: Step): string {
  const note = step.note === '' ? '' : `: ${step.note}`;
  return `${step.title} … ${inSeconds(elapsedMs(step), 0)}${note}`;
}

function elapsedMs(step: Step): number {
  return performance.now() - step.startedAt;
}

function inSeconds(ms: number, digits: number): string {
  return `${(ms / 1000).toFixed(digits)} s`;
}

function terminalWidth(stream: NodeJS.WritableStream): number | undefined {
  if (!('isTTY' in stream) || stream.isTTY !== true) return undefined;
  return 'columns' in stream && typeof stream.columns === 'number' ? stream.columns : 80;
}
