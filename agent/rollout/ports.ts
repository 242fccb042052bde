// What the coordinator asks of the outside world. cluster/ implements it; tests fake it.

import type { ConfigMapObject, EventDraft } from '../node/ports.ts';
import type { FleetNode } from './fleet.ts';

/** A Node as it was last seen, and what a write of it needs to know. */
export interface SeenNode {
  readonly node: FleetNode;
  readonly resourceVersion: string;
  /** The start-up taint as it stands there, and its place among the taints; undefined where there is none. */
  readonly taint: { readonly index: number; readonly value: Readonly<Record<string, unknown>> } | undefined;
}

/** The ConfigMap that tells people and programs of the rollout. */
export interface StatusObject {
  readonly resourceVersion: string;
  readonly data: Readonly<Record<string, string>>;
}

/** Writes of a Node or of the status reject with Outdated when somebody else wrote meanwhile. */
export interface FleetCluster {
  /** Approves the revision, or withdraws the approval, if the Node is still as it was seen; resolves with what it is then. */
  approve(seen: SeenNode, revision: string | undefined): Promise<SeenNode>;
  /** Takes the start-up taint away, under the same condition. */
  untaint(seen: SeenNode): Promise<SeenNode>;
  /** undefined: there is none. */
  readStatus(): Promise<StatusObject | undefined>;
  /** Sets these keys over `seen`, or makes the ConfigMap where that is undefined. */
  writeStatus(seen: StatusObject | undefined, data: Readonly<Record<string, string>>): Promise<StatusObject>;
  /** Says it about the policy's ConfigMap. */
  policyEvent(configMap: ConfigMapObject, note: EventDraft): Promise<void>;
}

/** What was to be written over is no longer what was seen. */
export class ConflictError extends Error {
  override readonly name = 'Outdated';
}

/** The Lease on the API server. */
export interface LeaseStore {
  /** undefined: there is none. */
  read(): Promise<Lease | undefined>;
  /** Rejects with Outdated when somebody else wrote meanwhile. */
  write(write: LeaseWrite): Promise<Lease>;
}

/** A Lease as the API server has it. */
export interface Lease {
  readonly record: LeaseRecord;
  readonly resourceVersion: string;
}

/** The spec of a Lease; `holder` is empty when it was released. */
export interface LeaseRecord {
  readonly holder: string;
  readonly leaseSeconds: number;
  readonly acquiredAt: Date;
  readonly renewedAt: Date;
  readonly transitions: number;
}

/** A record to write over `resourceVersion`, or anew where that is undefined. */
export interface LeaseWrite {
  readonly record: LeaseRecord;
  readonly resourceVersion: string | undefined;
}
