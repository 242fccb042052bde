// Asks the API server what the bearer of a token may do.

import { InvalidResponseError } from '../http/errors.ts';
import type { Transport } from '../http/transport.ts';
import { accessReview, isAllowed, type Right, tokenReview, userOf } from '../objects/reviews.ts';

/** `unknown`: not the token of an account, or no longer. `forbidden`: its account may not do that. */
export type Access = 'allowed' | 'unknown' | 'forbidden';

/** Resolves with what the API server says of the token; rejects when it says nothing. No error repeats the token. */
export type AskAccess = (token: string) => Promise<Access>;

const TOKEN_REVIEWS = '/apis/authentication.k8s.io/v1/tokenreviews';
const ACCESS_REVIEWS = '/apis/authorization.k8s.io/v1/subjectaccessreviews';

/** Mirrors the delegated authentication and authorization of apiserver (pkg/server/options): two requests a question. */
export function accessTo(right: Right, transport: Pick<Transport, 'request'>): AskAccess {
  const reviewed = async (path: string, body: object): Promise<unknown> => {
    // A review changes nothing.
    return (await transport.request({ method: 'POST', path, body, idempotent: true })).body;
  };
  return async (token) => {
    try {
      const user = userOf(await reviewed(TOKEN_REVIEWS, tokenReview(token)));
      if (user === undefined) return 'unknown';
      return isAllowed(await reviewed(ACCESS_REVIEWS, accessReview(user, right))) ? 'allowed' : 'forbidden';
    } catch (error) {
      // Its text may repeat the answer, which repeats the token.
      if (error instanceof InvalidResponseError) {
        throw new InvalidResponseError(
          'Expected an answered TokenReview and SubjectAccessReview from the API server, got something else',
        );
      }
      throw error;
    }
  };
}
