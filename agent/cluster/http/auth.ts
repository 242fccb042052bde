// Calls with our credentials, and what a refused one leads to.

import type { IncomingMessage } from 'node:http';
import type { Call } from './connections.ts';
import type { Credentials } from './credentials.ts';
import { ApiError } from './errors.ts';
import { apiError } from './response.ts';

/** Sends with our token; a refused token is read again from disk, since it may have been rotated, and tried once more. */
export async function authorised(
  credentials: Pick<Credentials, 'token' | 'ca'>,
  call: Call,
  send: (call: Call) => Promise<IncomingMessage>,
): Promise<IncomingMessage> {
  try {
    return await answered(credentials, call, false, send);
  } catch (error) {
    const mayBeStale = (error instanceof ApiError && error.status === 401) || isCertificateError(error);
    if (!mayBeStale) {
      throw error;
    }
    return answered(credentials, call, true, send);
  }
}

async function answered(
  credentials: Pick<Credentials, 'token' | 'ca'>,
  call: Call,
  fresh: boolean,
  send: (call: Call) => Promise<IncomingMessage>,
): Promise<IncomingMessage> {
  const [token, ca] = await Promise.all([credentials.token(fresh), credentials.ca(fresh)]);
  const headers = token === undefined ? call.headers : { ...call.headers, authorization: `Bearer ${token}` };
  const response = await send({ ...call, headers, ca });
  if ((response.statusCode ?? 0) >= 400) {
    throw await apiError(response);
  }
  return response;
}

/** OpenSSL's verdicts on a chain of certificates; a rotated authority shows as one of these. */
function isCertificateError(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^(UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_SIGNATURE_FAILURE)/.test(code);
}
