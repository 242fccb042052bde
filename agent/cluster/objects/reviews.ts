// TokenReview and SubjectAccessReview: whose token it is, and what that account may do.

import { InvalidResponseError } from '../http/errors.ts';
import { isObject, type JsonObject, objectAt, stringAt } from '../http/json.ts';

/** A path of a server that is no resource, and an HTTP method in lower case, as RBAC has them in nonResourceURLs and verbs. */
export interface Right {
  readonly path: string;
  readonly verb: string;
}

/** Returns the TokenReview that asks for the account of `token`. */
export function tokenReview(token: string): object {
  return { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } };
}

/** Returns the user of an answered TokenReview; undefined: the token is not valid. Throws an InvalidResponseError for anything else. */
export function userOf(review: unknown): JsonObject | undefined {
  const { authenticated, user } = statusOf(review);
  // Left out when it is false.
  if (authenticated !== true) return undefined;
  if (!isObject(user) || (stringAt(user, 'username') ?? '') === '') {
    throw new InvalidResponseError('Expected the user of a valid token from the API server, got none');
  }
  return user;
}

/** Returns the SubjectAccessReview that asks whether `user`, as a TokenReview has it, may do that. */
export function accessReview({ username, uid, groups, extra }: JsonObject, { path, verb }: Right): object {
  return {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: { user: username, uid, groups, extra, nonResourceAttributes: { path, verb } },
  };
}

/** Returns the verdict of an answered SubjectAccessReview. Throws an InvalidResponseError for anything else. */
export function isAllowed(review: unknown): boolean {
  const { allowed, denied } = statusOf(review);
  return allowed === true && denied !== true;
}

function statusOf(review: unknown): JsonObject {
  const { status } = objectAt(review);
  if (!isObject(status)) {
    throw new InvalidResponseError('Expected the status of a review from the API server, got none');
  }
  return status;
}
