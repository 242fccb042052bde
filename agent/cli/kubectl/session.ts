// One command's way to its cluster.

import type { KubeConfig } from '@kubernetes/client-node';
import { loadKubeconfig } from '../../cluster/kubeconfig.ts';
import { openKubeconfig } from '../../cluster/kubeconfig-connections.ts';
import { createTransport, type Transport } from '../../cluster/transport.ts';

/** The options that every command has, named as kubectl names them. */
export interface GlobalFlags {
  readonly context?: string;
  readonly kubeconfig?: string;
  readonly namespace: string;
  /** Seconds; 0: the default. */
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
  readonly config: () => KubeConfig;
}

/** More than any list of Nodes: they are read one by one, the pods too. */
const DEFAULT_SECONDS = 30;

/** Opens nothing yet. Throws a KubeconfigError. */
export function openSession(flags: GlobalFlags, env: Readonly<Record<string, string | undefined>>): Session {
  const { kubeconfig, context, namespace } = flags;
  const access = openKubeconfig(() => loadKubeconfig({ kubeconfig, context, env }), namespace);
  const transport = createTransport(access.credentials, {
    connections: access.connections,
    requestMs: (flags.requestTimeout || DEFAULT_SECONDS) * 1000,
    userAgent: 'kubectl-sysctls',
  });
  return {
    transport,
    config: access.config,
    place: {
      server: access.credentials.server.href.replace(/\/$/u, ''),
      context: access.config().getCurrentContext(),
      namespace,
    },
  };
}
