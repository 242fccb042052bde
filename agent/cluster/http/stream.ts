// The lines of a long GET, for as long as the server sends.

import type { IncomingMessage } from 'node:http';
import { Cancellation } from './cancellation.ts';
import type { Call } from './connections.ts';
import { TimeoutError } from './errors.ts';
import { lines } from './lines.ts';
import { callOf } from './request.ts';

export interface StreamRequest {
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** For the head of the answer, connecting included. */
  readonly answerMs?: number;
  /** The stream fails with NoAnswer once not a single byte came for this long. */
  readonly silenceMs: number;
  /** Called when the server has accepted the request and the stream begins. */
  readonly onOpen?: () => void;
  readonly signal: AbortSignal;
}

export interface StreamLimits {
  /** Default for the head of the answer. */
  readonly requestMs: number;
  readonly maxLineBytes: number;
  readonly userAgent: string;
}

/** The lines of the answer to `request`, which `open` sends. Throws what `open` throws, NoAnswer, BadAnswer, or the reason of the request's signal. */
export async function* streamLines(
  request: StreamRequest,
  limits: StreamLimits,
  open: (call: Call) => Promise<IncomingMessage>,
): AsyncGenerator<string> {
  const ending = new Cancellation(request.signal);
  const call = callOf({ method: 'GET', ...request }, limits.userAgent, ending.signal);
  const answerMs = request.answerMs ?? limits.requestMs;
  const timer = setTimeout(() => ending.cancel(new TimeoutError('answer', answerMs)), answerMs);
  try {
    const response = await open(call);
    clearTimeout(timer);
    request.onOpen?.();
    yield* lines(withinSilence(response, request.silenceMs, ending), limits.maxLineBytes);
  } catch (error) {
    throw ending.reason ?? error;
  } finally {
    clearTimeout(timer);
    ending.cancel(new Error('The stream was closed by its reader'));
    ending.dispose();
  }
}

/** The chunks of a response, cut off when none came for `silenceMs`. */
async function* withinSilence(
  response: IncomingMessage,
  silenceMs: number,
  ending: Cancellation,
): AsyncGenerator<Uint8Array> {
  const timer = setTimeout(() => ending.cancel(new TimeoutError('stream', silenceMs)), silenceMs);
  try {
    for await (const chunk of response) {
      timer.refresh();
      yield chunk;
    }
  } finally {
    clearTimeout(timer);
  }
}
