// Classifies the errors that end a list or a watch.

import { ApiError, InvalidResponseError, TimeoutError } from '../http/errors.ts';

/**
 * True when a watch can resume from its version after the error. False after silence: an API server restored from an
 * older backup sends nothing for versions that it has not reached yet.
 */
export function keepsVersion(error: unknown): boolean {
  if (error instanceof ApiError) {
    return error.status === 429 || error.status === 401 || error.status === 403 || error.status >= 500;
  }
  if (error instanceof TimeoutError) {
    return !isSilence(error);
  }
  return isFromSystem(error);
}

/** True when the API server or the connection to it failed, false for a fault of this process. */
export function isFromServer(error: unknown): boolean {
  const isAnswer =
    error instanceof ApiError || error instanceof TimeoutError || error instanceof InvalidResponseError;
  return isAnswer || isFromSystem(error);
}

/** Errors of sockets, TLS and files have a code. Node's TypeErrors have one too, but are faults of the caller. */
function isFromSystem(error: unknown): boolean {
  const hasCode = error instanceof Error && 'code' in error && typeof error.code === 'string';
  return hasCode && !(error instanceof TypeError);
}

/** True for the timeout of a watch on which not even a bookmark arrived. */
export function isSilence(error: unknown): boolean {
  return error instanceof TimeoutError && error.step === 'stream';
}
