// The messages between the bench and the process of the synthetic cluster.

import type { Facts } from './cluster.ts';

export type ToCluster =
  | {
      readonly kind: 'start';
      /** Holds the server's certificate. */
      readonly folder: string;
      readonly nodes: number;
      /** Data of the policy's ConfigMap. */
      readonly data: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'expire' | 'facts' };

/** Each message is answered once, in order. */
export type FromCluster =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'facts'; readonly facts: Facts }
  | { readonly kind: 'failed'; readonly message: string };
