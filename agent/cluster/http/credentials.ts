// Who we are to the API server: the ServiceAccount's folder that every pod is given.

import { readFile as readFromDisk } from 'node:fs/promises';
import { isIPv6 } from 'node:net';

/** Where the API server is, and how we and it prove ourselves. */
export interface Credentials {
  /** Scheme, host and port; plain http is for tests. */
  readonly server: URL;
  /** The namespace we run in. */
  readonly namespace: string;
  /** The bearer token; `fresh` skips the cache, for when the last one was refused. */
  token(fresh?: boolean): Promise<string | undefined>;
  /** PEM of the authority that signed the API server's certificate; `fresh` as above. */
  ca(fresh?: boolean): Promise<string | undefined>;
}

export type ReadFile = (path: string) => Promise<string>;

const FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

/** A projected token is rotated at 80 % of its hour at the latest; a minute is soon enough. */
const MAX_AGE_MS = 60_000;

/**
 * The credentials of the pod we run in. Token and authority are read again once they are a minute old, since the
 * kubelet rotates them. Throws where there is no ServiceAccount. Mirrors client-go rest/config.go InClusterConfig.
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
      `Expected a ServiceAccount's token, ca.crt and namespace in ${FOLDER}, could not read them: give the pod a ` +
        'serviceAccountName and do not set automountServiceAccountToken: false',
      { cause },
    );
  }
}

function serverOf(env: Readonly<Record<string, string | undefined>>): URL {
  const host = env['KUBERNETES_SERVICE_HOST'] ?? '';
  const port = env['KUBERNETES_SERVICE_PORT'] ?? '';
  if (host === '' || port === '') {
    throw new Error(
      'Expected KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT in the environment, got none: ' +
        'run the agent as a pod of the cluster',
    );
  }
  return new URL(`https://${isIPv6(host) ? `[${host}]` : host}:${port}`);
}

/** The last good content outlives a failed read: a token that may still serve is better than none. */
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
