// The policy's ConfigMap, as an object of the API or as a file of the host.

import type { PolicyError } from './policy.ts';

/** The policy's ConfigMap as the API server has it, or as the host's own service reads it. */
export interface ConfigMapObject {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly data: Readonly<Record<string, string>>;
  /** Why the host's file or folder has no data that could be judged; absent for one that has. */
  readonly unreadable?: PolicyError;
}
