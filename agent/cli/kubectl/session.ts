// A command's connection to its cluster.

import { loadKubeconfig } from '../../cluster/kubeconfig/kubeconfig.ts';
import { openKubeconfig } from '../../cluster/kubeconfig/connections.ts';
import { createTransport, type Transport } from '../../cluster/http/transport.ts';

/** The options that every command has, named as kubectl names them. */
export interface GlobalFlags {
  readonly context?: string;
  readonly kubeconfig?: string;
  readonly namespace: string;
  /** Seconds; 0: no limit. */
  readonly requestTimeout: number;
  /** The user to impersonate. */
  readonly as?: string;
  readonly asGroup?: readonly string[];
}

/** The server and the installation, as messages name them. */
export interface Place {
  readonly server: string;
  readonly context: string;
  /** The namespace of the installation. */
  readonly namespace: string;
}

export interface Session {
  readonly transport: Transport;
  readonly place: Place;
  /** The namespace of the kubeconfig's context. */
  readonly contextNamespace: string;
  /** Limit for one answer of the API server. */
  readonly timeoutMs: number;
}

const NO_LIMIT_SECONDS = 86_400;

/** Returns a session; its first request connects. Throws a KubeconfigError when the kubeconfig cannot be used. */
export function openSession(flags: GlobalFlags, env: Readonly<Record<string, string | undefined>>): Session {
  const { kubeconfig, context, namespace } = flags;
  const as = flags.as === undefined ? undefined : { user: flags.as, groups: flags.asGroup ?? [] };
  const access = openKubeconfig(() => loadKubeconfig({ kubeconfig, context, env }), namespace, as);
  const contextName = access.config().getCurrentContext();
  const timeoutMs = (flags.requestTimeout || NO_LIMIT_SECONDS) * 1000;
  const transport = createTransport(access.credentials, {
    connections: access.connections,
    requestMs: timeoutMs,
    userAgent: 'kubectl-sysctls',
  });
  return {
    transport,
    timeoutMs,
    contextNamespace: access.config().getContextObject(contextName)?.namespace || 'default',
    place: {
      server: access.credentials.server.href.replace(/\/$/u, ''),
      context: contextName,
      namespace,
    },
  };
}
