// Credentials for the API server from the ServiceAccount folder of the pod.

import { readFile as readFromDisk } from 'node:fs/promises';
import { isIPv6 } from 'node:net';

/** The address of the API server, and how client and server authenticate. */
export interface Credentials {
  /** Scheme, host and port; plain http only in tests. */
  readonly server: URL;
  /** The namespace of this pod. */
  readonly namespace: string;
  /** The bearer token. Set `fresh` to skip the cache after a token was refused. */
  token(fresh?: boolean): Promise<string | undefined>;
  /** PEM of the authority that signed the API server's certificate. `fresh` as above. */
  ca(fresh?: boolean): Promise<string | undefined>;
}

export type ReadFile = (path: string) => Promise<string>;

const FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The kubelet rotates a projected token at 80 % of its hour: reading it once a minute is frequent enough. */
const MAX_AGE_MS = 60_000;

/**
 * The credentials of this pod. Token and authority are read again once they are a minute old, since the kubelet
 * rotates them. Throws when the pod has no ServiceAccount. Mirrors client-go rest/config.go InClusterConfig.
 */
export async function inClusterCredentials(
  env: Readonly<Record<string, string | undefined>>,
  readFile: ReadFile = (path) => readFromDisk(path, 'utf8'),
  now: () => number = Date.now,
): Promise<Credentials> {
  const server = serverOf(env);
  const token = cached(() => readFile(`${FOLDER}/token`), now);
  const ca = cached(() => readFile(`${FOLDER}/ca.crt`), now);
  try {
    const namespace = (await readFile(`${FOLDER}/namespace`)).trim();
    await Promise.all([token(), ca()]);
    return { server, namespace, token: async (fresh) => (await token(fresh)).trim(), ca };
  } catch (cause) {
    throw new Error(
      `Expected a ServiceAccount's token, ca.crt and namespace in ${FOLDER}, could not read them. Give the pod a ` +
        'serviceAccountName and do not set automountServiceAccountToken: false.',
      { cause },
    );
  }
}

function serverOf(env: Readonly<Record<string, string | undefined>>): URL {
  const host = env['KUBERNETES_SERVICE_HOST'] ?? '';
  const port = env['KUBERNETES_SERVICE_PORT'] ?? '';
  if (host === '' || port === '') {
    throw new Error(
      'Expected KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT in the environment, got none. ' +
        'Run the agent as a pod of the cluster.',
    );
  }
  return new URL(`https://${isIPv6(host) ? `[${host}]` : host}:${port}`);
}

/** Caches `read` for a minute. After a failed read it returns the last content, since that token may still be valid. */
function cached(read: () => Promise<string>, now: () => number): (fresh?: boolean) => Promise<string> {
  let last: { content: string; at: number } | undefined;
  return async (fresh = false) => {
    if (last === undefined || fresh || now() - last.at >= MAX_AGE_MS) {
      try {
        last = { content: await read(), at: now() };
      } catch (error) {
        if (last === undefined) {
          throw error;
        }
      }
    }
    return last.content;
  };
}
