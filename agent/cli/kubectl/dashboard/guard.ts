// Which requests the page's server answers: only those of the page itself. Pure.

import { createHash, timingSafeEqual } from 'node:crypto';

export interface Asked {
  readonly method: string;
  /** Path and query, as in the request line. */
  readonly url: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly contentType: string | undefined;
}

export interface Door {
  readonly port: number;
  readonly token: string;
}

export type Verdict =
  | { readonly kind: 'open'; readonly path: string; readonly query: URLSearchParams }
  /** The address of the page without the slash at its end. */
  | { readonly kind: 'moved'; readonly to: string }
  | { readonly kind: 'refused'; readonly status: number; readonly text: string };

/**
 * Returns the path behind the token, or why the request is refused. A page of another site reaches 127.0.0.1 too, by a name of
 * its own (DNS rebinding: Host differs) or by a form and fetch (Origin differs), and does not know the token. Another user of
 * this machine reaches the port and does not know the token. What does not have it learns nothing about what is here.
 */
export function judge({ method, url, host, origin, contentType }: Asked, { port, token }: Door): Verdict {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  if (host === undefined || !hosts.includes(host.toLowerCase())) {
    return refused(
      421,
      `Expected the address that kubectl sysctls dashboard printed, got another host name.`,
    );
  }
  const [, given = '', rest] = /^\/([^/?#]*)(\/[^?#]*)?/u.exec(url) ?? [];
  if (!isToken(given, token)) {
    return refused(404, 'Expected the whole address that kubectl sysctls dashboard printed.');
  }
  const isOwn = origin === `http://${host.toLowerCase()}`;
  if (origin !== undefined && !isOwn) {
    return refused(403, 'Expected a request of the dashboard itself, got one of another page.');
  }
  if (!['GET', 'POST'].includes(method)) return refused(405, 'Expected GET or POST.');
  if (method === 'POST' && !isOwn) {
    return refused(403, 'Expected the header Origin of the dashboard, found none.');
  }
  if (method === 'POST' && contentType?.split(';', 1)[0]?.trim() !== 'application/json') {
    return refused(415, 'Expected content-type application/json.');
  }
  if (rest === undefined) return { kind: 'moved', to: `/${given}/` };
  const query = url.indexOf('?');
  return {
    kind: 'open',
    path: rest,
    query: new URLSearchParams(query === -1 ? '' : url.slice(query + 1)),
  };
}

/** Compares in the same time wherever the first difference is. */
function isToken(given: string, token: string): boolean {
  return timingSafeEqual(digest(given), digest(token));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function refused(status: number, text: string): Verdict {
  return { kind: 'refused', status, text };
}
