// An administrator's client for thousands of requests to the bed's API server, on kept connections.

import { Agent } from 'node:https';
import { isObject, type JsonObject } from '../../../agent/cluster/http/json.ts';
import { administrator, send } from './api.ts';

/** The address and the keys of a bed's API server. */
export interface Place {
  readonly server: string;
  /** The bed's folder. */
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
    super(`Expected the API server to accept ${what}, got ${status}: ${body.slice(0, 500)}`);
    this.status = status;
  }
}

const CONNECTIONS = 8;
const TIMEOUT_MS = 60_000;

export async function connectAdmin({ server, folder }: Place, userAgent: string): Promise<Admin> {
  const agent = new Agent({ ...(await administrator(folder)), keepAlive: true, maxSockets: CONNECTIONS });
  return {
    async send(method, path, content) {
      const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
      const headers = { 'content-type': contentType, 'user-agent': userAgent };
      const options = { method, agent, headers, timeout: TIMEOUT_MS };
      const { status, body } = await send(`${server}${path}`, options, content);
      if (status < 200 || status >= 300) throw new AdminError(`${method} ${path}`, status, body);
      return parsed(body);
    },
    close: () => agent.destroy(),
  };
}

function parsed(text: string): JsonObject {
  const body: unknown = JSON.parse(text);
  return isObject(body) ? body : {};
}
