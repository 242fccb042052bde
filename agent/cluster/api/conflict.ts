// A write over something that is no longer there as it was.

import { ConflictError } from '../../rollout/ports.ts';
import { ApiError } from '../http/errors.ts';

/** 409: another version is there. 404: none is any more. 422: a test of a JSON patch did not hold. */
export async function orConflict<T>(request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    if (error instanceof ApiError && [404, 409, 422].includes(error.status)) {
      throw new ConflictError('Somebody else wrote meanwhile', { cause: error });
    }
    throw error;
  }
}
