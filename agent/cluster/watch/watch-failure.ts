// What ended a list or a watch.

import { ApiError, InvalidResponseError, TimeoutError } from '../http/errors.ts';

/**
 * Whether the version is still good for resuming. After silence it is not trusted: an API server restored from an
 * older back-up says nothing at all about versions it has not reached yet.
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

/** Whether the API server or the way to it failed, and not this process. */
export function isFromServer(error: unknown): boolean {
  const isAnswer =
    error instanceof ApiError || error instanceof TimeoutError || error instanceof InvalidResponseError;
  return isAnswer || isFromSystem(error);
}

/** A socket, TLS or a file says so by a code; so do Node's TypeErrors, which are faults of the caller. */
function isFromSystem(error: unknown): boolean {
  const hasCode = error instanceof Error && 'code' in error && typeof error.code === 'string';
  return hasCode && !(error instanceof TypeError);
}

/** A watch on which not even a bookmark came. */
export function isSilence(error: unknown): boolean {
  return error instanceof TimeoutError && error.step === 'stream';
}
