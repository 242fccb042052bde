// `status --watch`: at every change it redraws the terminal or, without a terminal, adds a line.

import { decideRollout } from '../../../rollout/decide.ts';
import { printable } from '../../../text/quote.ts';
import { cut } from '../../../text/wrap.ts';
import { colorsFor } from '../../colors.ts';
import { failureText } from '../errors.ts';
import { followFleet } from '../cluster/follow.ts';
import { throttle } from '../cluster/throttle.ts';
import type { Program } from '../context.ts';
import { standingLine, statusLine, statusText } from '../views/status-text.ts';
import { statusView, type StatusView } from '../views/status-view.ts';

/** Shortest time between two frames, and between two lines. */
const TERMINAL_MS = 200;
const LINES_MS = 1000;
/** Ages and the time left change without an event. */
const TICK_MS = 1000;

const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const END_OF_LINE = '\u001b[K';
const END_OF_SCREEN = '\u001b[J';

/** Shows the status until `interrupted` aborts, then resolves. Rejects when the fleet cannot be read. */
export async function watchStatus(program: Program, interrupted: AbortSignal): Promise<void> {
  const session = program.session();
  const { stdout } = program;
  const colors = colorsFor(stdout);
  const ended = Promise.withResolvers<void>();
  const isTerminal = stdout.isTTY === true;
  const view = (): StatusView => statusView({ ...following.fleet(), now: new Date(), decide: decideRollout });
  let shown = '';

  const show = throttle(isTerminal ? drawScreen : addLine, isTerminal ? TERMINAL_MS : LINES_MS, interrupted);
  const following = await followFleet(session, show, ended.reject);
  const timer = setInterval(show, TICK_MS);
  interrupted.addEventListener('abort', () => ended.resolve(), { once: true });
  if (interrupted.aborted) ended.resolve();
  if (isTerminal) stdout.write(ENTER);
  try {
    show();
    await ended.promise;
  } finally {
    clearInterval(timer);
    following.stop();
    if (isTerminal) stdout.write(`${LEAVE}${statusText(view(), session.place, size(), colors)}\n`);
  }

  function drawScreen(): void {
    const { width, height } = size();
    const text = statusText(view(), session.place, { width, height: height - 1 }, colors);
    const lines = [...text.split('\n').slice(0, height - 1), colors.dim(footer(width))];
    const frame = lines.map((line) => `${line}${END_OF_LINE}`).join('\n');
    if (frame !== shown) {
      shown = frame;
      stdout.write(`${HOME}${frame}${END_OF_SCREEN}`);
    }
  }

  function addLine(): void {
    const trouble = following.trouble();
    const now = view();
    const key = trouble === undefined ? standingLine(now) : failureText(trouble, session.place);
    if (key !== shown) {
      shown = key;
      stdout.write(`${new Date().toISOString()} ${trouble === undefined ? statusLine(now) : key}\n`);
    }
  }

  function footer(width: number): string {
    const trouble = following.trouble();
    const text = trouble === undefined ? 'Press Ctrl-C to quit' : failureText(trouble, session.place);
    return cut(printable(text), width - 1);
  }

  function size(): { readonly width: number; readonly height: number } {
    return { width: stdout.columns ?? 80, height: Math.max(5, stdout.rows ?? 24) };
  }
}
