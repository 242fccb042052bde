// Errors of requests to the API server.

/** The API server answered with a status of 400 or more. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  /** Machine-readable, from the Status object: `NotFound`, `Conflict`, `AlreadyExists`, `Expired`, …; empty when there is none. */
  readonly reason: string;
  /** The server's Retry-After, in ms; undefined when it sent none. */
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

/** The API server did not answer within the timeout. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
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
  answer: 'finish its response',
  stream: 'send at least a bookmark',
} as const;

/** A response that the Kubernetes API would not send: not JSON, not the expected shape, or beyond the size limit. */
export class InvalidResponseError extends Error {
  override readonly name = 'InvalidResponseError';
}

/** True only for AlreadyExists: other conflicts also have the status 409. */
export function isAlreadyExists(error: unknown): boolean {
  return error instanceof ApiError && error.status === 409 && error.reason === 'AlreadyExists';
}

/** True when the API server reports that the object does not exist. */
export function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}
