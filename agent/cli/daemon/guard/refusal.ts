// What a request for the metrics is refused with. Pure.

import type { Access } from '../../../cluster/api/access.ts';

export interface Refusal {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** `no token`: the request has none. `not known`: the API server did not say. */
export type Verdict = Access | 'no token' | 'not known';

const CHALLENGE = { 'www-authenticate': 'Bearer' };

const REFUSALS: Readonly<Record<Exclude<Verdict, 'allowed'>, Refusal>> = {
  'no token': {
    status: 401,
    text: 'Expected a bearer token, got none. Send the header Authorization: Bearer TOKEN.\n',
    headers: CHALLENGE,
  },
  unknown: {
    status: 401,
    text: 'Expected the token of an account of this cluster, got another or one that has ended. Send a valid one.\n',
    headers: CHALLENGE,
  },
  forbidden: {
    status: 403,
    text:
      "Expected a token whose account may get /metrics, got one that may not. Bind the account to a ClusterRole with nonResourceURLs ['/metrics'] " +
      "and verbs ['get'].\n",
    headers: {},
  },
  'not known': {
    status: 503,
    text: 'The API server did not say whether this token may get /metrics. The log of the coordinator has the cause.\n',
    headers: {},
  },
};

/** Returns the answer to a request with that verdict, whatever its path and method; undefined: it may be answered. */
export function refusalOf(verdict: Verdict): Refusal | undefined {
  return verdict === 'allowed' ? undefined : REFUSALS[verdict];
}

/** Returns the token of an Authorization header; undefined when it has none (RFC 6750, 2.1). */
export function bearerToken(authorization: string | undefined): string | undefined {
  return /^bearer +(?<token>[\w.~+/-]+=*) *$/iu.exec(authorization ?? '')?.groups?.['token'];
}
