// Loads kubectl's configuration: the files, the context, and corrections where client-node differs from kubectl.

import { KubeConfig, type Cluster, type User } from '@kubernetes/client-node';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { errorText } from '../../text/error-text.ts';
import { anyOf, quote } from '../../text/quote.ts';
import { isObject, objectAt, stringAt } from '../http/json.ts';
import { proxyFor } from './proxy.ts';

export interface KubeconfigChoice {
  /** A file to use instead of KUBECONFIG and ~/.kube/config. */
  readonly kubeconfig?: string | undefined;
  /** A context to use instead of the current one. */
  readonly context?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** There is no usable configuration. The message says what was expected and what to do. */
export class KubeconfigError extends Error {
  override readonly name = 'KubeconfigError';
}

/**
 * The configuration with its context selected, and with that context's cluster and user present. As in kubectl, the first of several
 * files in KUBECONFIG that sets a value wins, and missing files are skipped. Throws a KubeconfigError.
 */
export function loadKubeconfig(choice: KubeconfigChoice): KubeConfig {
  const files = filesOf(choice);
  const config = files.length === 0 ? inCluster(choice) : merged(files.map(readFile));
  chooseContext(config, choice, files);
  const cluster = config.getCurrentCluster();
  const user = config.getCurrentUser();
  if (cluster !== null && user !== null) {
    addExecInfo(user, cluster);
    if (!URL.canParse(cluster.server)) {
      throw new KubeconfigError(
        `Expected the server of cluster ${quote(cluster.name)} to be a URL, got ${quote(cluster.server)}.`,
      );
    }
  }
  return prepared(config, choice);
}

function filesOf({ kubeconfig, env }: KubeconfigChoice): readonly string[] {
  if (kubeconfig !== undefined) {
    if (!existsSync(kubeconfig)) {
      throw new KubeconfigError(`Expected a kubeconfig in ${quote(kubeconfig)}, found no such file.`);
    }
    return [kubeconfig];
  }
  const named = (env['KUBECONFIG'] ?? '').split(delimiter).filter((file) => file !== '');
  return (named.length > 0 ? named : [join(homedir(), '.kube', 'config')]).filter((file) => existsSync(file));
}

function inCluster({ env }: KubeconfigChoice): KubeConfig {
  if (env['KUBERNETES_SERVICE_HOST'] === undefined) {
    const expected = env['KUBECONFIG'] || '~/.kube/config';
    throw new KubeconfigError(
      `Expected a kubeconfig in ${quote(expected)}, found none. Name one with --kubeconfig FILE or in KUBECONFIG.`,
    );
  }
  const config = new KubeConfig();
  config.loadFromCluster();
  return config;
}

function readFile(file: string): KubeConfig {
  const config = new KubeConfig();
  try {
    const text = readFileSync(file, 'utf8');
    config.loadFromString(text.trim() === '' ? '{}' : text);
    config.makePathsAbsolute(dirname(resolve(file)));
    for (const user of config.users) {
      completeUser(user, parse(text), dirname(resolve(file)));
    }
  } catch (cause) {
    throw new KubeconfigError(`Expected ${quote(file)} to be a kubeconfig: ${errorText(cause)}`, { cause });
  }
  return config;
}

/** client-node reads `token-file`, kubectl `tokenFile`. A plugin's path is relative to the file that names it. */
function completeUser(user: User, file: unknown, folder: string): void {
  const all = objectAt(file)['users'];
  const written = (Array.isArray(all) ? all : []).find(
    (entry: unknown) => isObject(entry) && stringAt(entry, 'name') === user.name,
  );
  const tokenFile = stringAt(objectAt(written, 'user'), 'tokenFile');
  if (tokenFile !== undefined && !user.token) {
    const config = { tokenFile: resolve(folder, tokenFile) };
    Object.assign(user, { authProvider: { name: 'tokenFile', config } });
  }
  const command: unknown = user.exec?.command;
  if (typeof command === 'string' && command.includes('/') && !isAbsolute(command)) {
    Object.assign(user, { exec: { ...user.exec, command: resolve(folder, command) } });
  }
}

function merged(configs: readonly KubeConfig[]): KubeConfig {
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: firstOfEach(configs.flatMap(({ clusters }) => clusters)),
    contexts: firstOfEach(configs.flatMap(({ contexts }) => contexts)),
    users: firstOfEach(configs.flatMap(({ users }) => users)),
    currentContext: configs.map(({ currentContext }) => currentContext).find(Boolean),
  });
  return config;
}

function firstOfEach<T extends { readonly name: string }>(items: readonly T[]): readonly T[] {
  return items.filter((item, at) => items.findIndex(({ name }) => name === item.name) === at);
}

function chooseContext(config: KubeConfig, { context }: KubeconfigChoice, files: readonly string[]): void {
  const names = config.contexts.map(({ name }) => name);
  const known = names.length === 0 ? 'none is there' : `there are ${anyOf(names.slice(0, 10).map(quote))}`;
  const chosen = context ?? config.currentContext;
  if (!chosen) {
    throw new KubeconfigError(
      `Expected a current context in ${files.join(', ')}, found none. Choose one with --context (${known}).`,
    );
  }
  const found = config.getContextObject(chosen);
  if (found === null) {
    throw new KubeconfigError(`Expected a context ${quote(chosen)} in ${files.join(', ')}, ${known}.`);
  }
  if (config.getCluster(found.cluster) === null) {
    throw new KubeconfigError(
      `Expected the cluster ${quote(found.cluster)} of context ${quote(chosen)}, found none of that name.`,
    );
  }
  if (found.user && config.getUser(found.user) === null) {
    throw new KubeconfigError(
      `Expected the user ${quote(found.user)} of context ${quote(chosen)}, found none of that name.`,
    );
  }
  config.setCurrentContext(chosen);
}

/** Adds the environment's proxy to the clusters, and permits plain http, which client-node otherwise rejects. */
function prepared(config: KubeConfig, { env }: KubeconfigChoice): KubeConfig {
  const next = new KubeConfig();
  const contexts = config.contexts.map((context) => ({ ...context, user: context.user || ANONYMOUS.name }));
  next.loadFromOptions({
    clusters: config.clusters.map((cluster) => ({
      ...cluster,
      proxyUrl:
        cluster.proxyUrl ??
        (URL.canParse(cluster.server) ? proxyFor(new URL(cluster.server), env) : undefined),
      skipTLSVerify: cluster.skipTLSVerify || cluster.server.startsWith('http:'),
    })),
    contexts,
    // Without a user client-node would omit the cluster's certificate authority as well.
    users: [...config.users, ANONYMOUS],
    currentContext: config.currentContext,
  });
  return next;
}

const ANONYMOUS: User = { name: '' };

/** Sets the environment variable with cluster information that kubectl gives a credential plugin and client-node does not. */
function addExecInfo(user: User, cluster: Cluster): void {
  const exec: unknown = user.exec;
  if (!isObject(exec)) return;
  const info = {
    kind: 'ExecCredential',
    apiVersion: stringAt(exec, 'apiVersion') ?? 'client.authentication.k8s.io/v1',
    spec: {
      interactive: false,
      ...(exec['provideClusterInfo'] === true && {
        cluster: {
          server: cluster.server,
          'certificate-authority-data': cluster.caData,
          'tls-server-name': cluster.tlsServerName,
          'insecure-skip-tls-verify': cluster.skipTLSVerify,
          'proxy-url': cluster.proxyUrl,
        },
      }),
    },
  };
  const env: readonly unknown[] = Array.isArray(exec['env']) ? exec['env'] : [];
  const execInfo = { name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(info) };
  Object.assign(user, { exec: { ...exec, env: [...env, execInfo] } });
}
