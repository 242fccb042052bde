// What a user may not read. A command shows the rest, and names the permission that is missing.

import { ApiError } from '../../../cluster/http/errors.ts';
import { failureText } from '../errors.ts';
import type { Session } from '../session.ts';

/** Something that could not be read, and the permission that it needs, in a sentence or two. */
export interface Unread {
  readonly what: string;
  readonly permission: string;
}

/** Resolves with what was read; when the API server forbids it, adds to `unread` and resolves with undefined. */
export async function readOr<T>(
  session: Session,
  { what, unread }: { readonly what: string; readonly unread: Unread[] },
  reading: Promise<T>,
): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 403)) throw error;
    unread.push({ what, permission: failureText(error, session.place) });
    return undefined;
  }
}
