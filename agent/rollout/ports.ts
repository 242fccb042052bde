// The coordinator's ports. cluster/ implements them; tests fake them.

import { isDeepStrictEqual } from 'node:util';
import type { FleetNode } from './fleet.ts';
import type { ConfigMapObject } from '../policy/config-map.ts';
import type { EventDraft } from '../report/event-draft.ts';

/** A Node as last observed, with what a conditional write needs. */
export interface SeenNode {
  readonly node: FleetNode;
  readonly resourceVersion: string;
  /** The start-up taint and its index in spec.taints; undefined: the Node does not have it. */
  readonly taint: { readonly index: number; readonly value: Readonly<Record<string, unknown>> } | undefined;
}

/**
 * Returns `seen`, with the object of the known Node when its content is the same. Kubelets renew their Node's status often, and a list
 * of a large fleet would otherwise hold all of it twice.
 */
export function keeping(known: SeenNode | undefined, seen: SeenNode): SeenNode {
  const isSame = known !== undefined && known.node !== seen.node && isDeepStrictEqual(known.node, seen.node);
  return isSame ? { ...seen, node: known.node } : seen;
}

/** The status ConfigMap, for people and programs. */
export interface StatusObject {
  readonly resourceVersion: string;
  readonly data: Readonly<Record<string, string>>;
}

/** Writes of a Node or the status reject with ConflictError when the object was changed since it was read. */
export interface FleetCluster {
  /** Approves the revision, or revokes the approval (undefined), if the Node is unchanged. Resolves with the new Node. */
  approve(seen: SeenNode, revision: string | undefined): Promise<SeenNode>;
  /** Removes the start-up taint, under the same condition. */
  untaint(seen: SeenNode): Promise<SeenNode>;
  /** Resolves with undefined when it does not exist. */
  readStatus(): Promise<StatusObject | undefined>;
  /** Sets these keys over `seen`; creates the ConfigMap when `seen` is undefined. */
  writeStatus(seen: StatusObject | undefined, data: Readonly<Record<string, string>>): Promise<StatusObject>;
  /** As the status: the ConfigMap of the lists (rollout/lists). */
  readLists(): Promise<StatusObject | undefined>;
  writeLists(seen: StatusObject | undefined, data: Readonly<Record<string, string>>): Promise<StatusObject>;
  /** Posts an Event about the policy's ConfigMap. */
  policyEvent(configMap: ConfigMapObject, note: EventDraft): Promise<void>;
}

/** The object was changed since it was read. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError';
}

/** The Lease on the API server. */
export interface LeaseStore {
  /** Resolves with undefined when it does not exist. */
  read(): Promise<Lease | undefined>;
  /** Rejects with ConflictError when the Lease was changed since it was read. */
  write(write: LeaseWrite): Promise<Lease>;
}

/** A Lease as read from the API server. */
export interface Lease {
  readonly record: LeaseRecord;
  readonly resourceVersion: string;
}

/** The spec of a Lease; `holder` is empty after a release. */
export interface LeaseRecord {
  readonly holder: string;
  readonly leaseSeconds: number;
  readonly acquiredAt: Date;
  readonly renewedAt: Date;
  readonly transitions: number;
}

/** A record to write over `resourceVersion`; undefined: create the Lease. */
export interface LeaseWrite {
  readonly record: LeaseRecord;
  readonly resourceVersion: string | undefined;
}
