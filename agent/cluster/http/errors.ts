// What can go wrong between the agent and the API server, as data.

/** The API server answered, and said no. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  /** Machine-readable, from the Status object: `NotFound`, `Conflict`, `AlreadyExists`, `Expired`, …; empty when there is none. */
  readonly reason: string;
  /** How long the server asks to be left alone; undefined when it does not ask. */
  readonly retryAfterMs: number | undefined;

  constructor(answer: {
    status: number;
    reason: string;
    message: string;
    retryAfterMs?: number | undefined;
  }) {
    super(`The API server answered ${answer.status}: ${answer.message}`);
    this.status = answer.status;
    this.reason = answer.reason;
    this.retryAfterMs = answer.retryAfterMs;
  }
}

/** Nothing was heard for as long as we were willing to wait. */
export class TimeoutError extends Error {
  override readonly name = 'NoAnswer';
  readonly step: 'connect' | 'answer' | 'stream';
  readonly waitedMs: number;

  constructor(step: 'connect' | 'answer' | 'stream', waitedMs: number) {
    super(`Expected the API server to ${STEPS[step]} within ${waitedMs} ms, got nothing`);
    this.step = step;
    this.waitedMs = waitedMs;
  }
}

const STEPS = {
  connect: 'accept a connection',
  answer: 'finish its answer',
  stream: 'send at least a bookmark',
} as const;

/** An answer that is not what the Kubernetes API sends: not JSON, not the expected shape, or beyond every limit. */
export class InvalidResponseError extends Error {
  override readonly name = 'BadAnswer';
}

/** True for AlreadyExists, and only for it: other conflicts also answer 409. */
export function isAlreadyExists(error: unknown): boolean {
  return error instanceof ApiError && error.status === 409 && error.reason === 'AlreadyExists';
}

/** True when the API server says that there is no such object. */
export function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}
