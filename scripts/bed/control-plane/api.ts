// Requests to a bed's API server without a kubectl process for each: polling sends many.

import { readFile } from 'node:fs/promises';
import { request, type RequestOptions } from 'node:https';
import { join } from 'node:path';
import { pkiFolder } from './pki.ts';

export interface Answer {
  readonly status: number;
  readonly body: string;
  /** The header Warning, as the API server spells it; undefined: it warned of nothing. */
  readonly warning: string | undefined;
}

const TIMEOUT_MS = 5_000;

/** Sends a GET as the administrator on a new connection; rejects when no answer comes within 5 s. */
export async function apiGet(bedFolder: string, server: string, path: string): Promise<Answer> {
  return send(`${server}${path}`, {
    ...(await administrator(bedFolder)),
    agent: false,
    timeout: TIMEOUT_MS,
  });
}

/** Returns the TLS options of the administrator. */
export async function administrator(bedFolder: string): Promise<{ ca: Buffer; cert: Buffer; key: Buffer }> {
  const file = (name: string): Promise<Buffer> => readFile(join(pkiFolder(bedFolder), name));
  const [ca, cert, key] = await Promise.all([file('ca.crt'), file('admin.crt'), file('admin.key')]);
  return { ca, cert, key };
}

/** Sends one request; resolves with the answer, of any status. Rejects when none comes within the options' `timeout`. */
export function send(
  url: string,
  options: RequestOptions & { readonly timeout: number },
  body?: unknown,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          body: Buffer.concat(chunks).toString(),
          warning: response.headers.warning,
        }),
      );
    });
    asked.on('timeout', () =>
      asked.destroy(new Error(`Expected ${url} to answer within ${options.timeout} ms.`)),
    );
    asked.on('error', reject);
    asked.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
