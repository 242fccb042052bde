// One command's way to its cluster.

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
}

/** Where the answers come from, for a person. */
export interface Place {
  readonly server: string;
  readonly context: string;
  /** Of the installation. */
  readonly namespace: string;
}

export interface Session {
  readonly transport: Transport;
  readonly place: Place;
  /** For one answer of the API server. */
  readonly timeoutMs: number;
}

const NO_LIMIT_SECONDS = 86_400;

/** Opens nothing yet. Throws a KubeconfigError. */
export function openSession(flags: GlobalFlags, env: Readonly<Record<string, string | undefined>>): Session {
  const { kubeconfig, context, namespace } = flags;
  const access = openKubeconfig(() => loadKubeconfig({ kubeconfig, context, env }), namespace);
  const timeoutMs = (flags.requestTimeout || NO_LIMIT_SECONDS) * 1000;
  const transport = createTransport(access.credentials, {
    connections: access.connections,
    requestMs: timeoutMs,
    userAgent: 'kubectl-sysctls',
  });
  return {
    transport,
    timeoutMs,
    place: {
      server: access.credentials.server.href.replace(/\/$/u, ''),
      context: access.config().getCurrentContext(),
      namespace,
    },
  };
}
