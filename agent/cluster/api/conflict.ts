// Maps a rejected write to a ConflictError.

import { ConflictError } from '../../rollout/ports.ts';
import { ApiError } from '../http/errors.ts';

/**
 * Resolves with the result of `request`. Throws a ConflictError for 409 (another version), 404 (deleted) and 422 (a test of a JSON patch
 * failed), and any other error unchanged.
 */
export async function orConflict<T>(request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    if (error instanceof ApiError && [404, 409, 422].includes(error.status)) {
      throw new ConflictError(
        'The object was changed by another writer. Read it again before the next write.',
        { cause: error },
      );
    }
    throw error;
  }
}
