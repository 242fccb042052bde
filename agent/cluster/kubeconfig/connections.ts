// Connections according to a kubeconfig: client certificates, tokens, credential plugins, proxies.

import type { KubeConfig } from '@kubernetes/client-node';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { errorText } from '../../text/error-text.ts';
import { quote } from '../../text/quote.ts';
import type { Call, Connections } from '../http/connections.ts';
import type { Credentials } from '../http/credentials.ts';
import { KubeconfigError } from './kubeconfig.ts';

export interface KubeconfigAccess {
  readonly connections: Connections;
  readonly credentials: Credentials;
  /** The configuration as it was loaded last. */
  readonly config: () => KubeConfig;
}

/** The user and groups as which every request is made, with the permission to impersonate them. */
export interface Impersonation {
  readonly user: string;
  readonly groups: readonly string[];
}

/**
 * Opens the configuration that `load` returns. Calls `load` again when the server refuses the credentials, since they may have expired.
 * Without `as`, the kubeconfig's own impersonation counts.
 */
export function openKubeconfig(
  load: () => KubeConfig,
  namespace: string,
  as?: Impersonation,
): KubeconfigAccess {
  let config = load();
  const server = serverOf(config);

  return {
    connections: { send, sendOnNew: send, wasStale: () => false, close: () => undefined },
    credentials: {
      server,
      namespace,
      async token(fresh) {
        config = fresh === true ? load() : config;
        return undefined;
      },
      ca: async () => undefined,
    },
    config: () => config,
  };

  async function send(call: Call): Promise<IncomingMessage> {
    const { headers, ...options } = await optionsOf(config);
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const request = (server.protocol === 'https:' ? httpsRequest : httpRequest)({
      ...options,
      hostname: server.hostname.replace(/^\[(.*)\]$/u, '$1'),
      port: server.port,
      method: call.method,
      path: `${server.pathname.replace(/\/$/u, '')}${call.path}`,
      headers: { ...headers, ...call.headers, ...headersOf(as) },
      signal: call.signal,
    });
    request.once('response', resolve);
    // This listener is never removed: an error without a listener would terminate the process.
    request.on('error', (error: Error) => reject(call.signal.aborted ? call.signal.reason : error));
    request.end(call.body);
    return promise;
  }
}

function headersOf(as: Impersonation | undefined): Readonly<Record<string, string | string[]>> {
  if (as === undefined) return {};
  return {
    'Impersonate-User': utf8Header(as.user),
    ...(as.groups.length > 0 && { 'Impersonate-Group': as.groups.map(utf8Header) }),
  };
}

/** Node writes each character of a header as one byte; client-go writes the text's UTF-8. */
function utf8Header(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

type Options = Omit<RequestOptions, 'headers'> & { headers?: Record<string, string> };

async function optionsOf(config: KubeConfig): Promise<Options> {
  const options: Options = {};
  try {
    await config.applyToHTTPSOptions(options);
  } catch (cause) {
    const user = quote(config.getCurrentUser()?.name ?? '');
    throw new KubeconfigError(`Expected credentials for user ${user}, got none: ${errorText(cause).trim()}`, {
      cause,
    });
  }
  return options;
}

function serverOf(config: KubeConfig): URL {
  return new URL(config.getCurrentCluster()?.server ?? '');
}
