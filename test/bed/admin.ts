// The bed's API server as its administrator uses it thousands of times: on connections that stay open.

import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { isObject, type JsonObject } from '../../agent/cluster/fields.ts';
import { pkiFolder } from './pki.ts';

/** Where a bed's API server is, and where its keys are. */
export interface Place {
  readonly server: string;
  /** The bed's. */
  readonly folder: string;
}

export interface Admin {
  /** Rejects with an AdminError for any status but 2xx, and with the socket's own error. */
  send(method: 'GET' | 'POST' | 'PATCH', path: string, body?: object): Promise<JsonObject>;
  close(): void;
}

export class AdminError extends Error {
  override readonly name = 'AdminError';
  readonly status: number;

  constructor(what: string, status: number, body: string) {
    super(`Expected the API server to take ${what}, got ${status}: ${body.slice(0, 500)}`);
    this.status = status;
  }
}

const CONNECTIONS = 8;
const TIMEOUT_MS = 60_000;

export async function connectAdmin({ server, folder }: Place, userAgent: string): Promise<Admin> {
  const [ca, cert, key] = await Promise.all(
    ['ca.crt', 'admin.crt', 'admin.key'].map((file) => readFile(join(pkiFolder(folder), file))),
  );
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS, ca, cert, key });
  return {
    send: (method, path, body) => {
      const { promise, resolve, reject } = Promise.withResolvers<JsonObject>();
      const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
      const headers = { 'content-type': contentType, 'user-agent': userAgent };
      const asked = request(
        `${server}${path}`,
        { method, agent, headers, timeout: TIMEOUT_MS },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString();
            const status = response.statusCode ?? 0;
            if (status >= 200 && status < 300) resolve(parsed(text));
            else reject(new AdminError(`${method} ${path}`, status, text));
          });
        },
      );
      asked.on('timeout', () =>
        asked.destroy(new Error(`Expected ${path} to answer within ${TIMEOUT_MS} ms.`)),
      );
      asked.on('error', reject);
      asked.end(body === undefined ? undefined : JSON.stringify(body));
      return promise;
    },
    close: () => agent.destroy(),
  };
}

function parsed(text: string): JsonObject {
  const body: unknown = JSON.parse(text);
  return isObject(body) ? body : {};
}
