// An API server with Nodes, a policy, a status and Events for coordinators whose calls are late, refused or lost.

import { isDeepStrictEqual } from 'node:util';
import { isRevision } from '../../../agent/names.ts';
import type { FleetNode } from '../../../agent/rollout/fleet.ts';
import type { SeenNode, StatusObject } from '../../../agent/rollout/ports.ts';
import { revisionOf, valid } from '../fleets.ts';
import { isMoving, type SimulatedNode } from '../simulator/simulated-node.ts';
import type { ConfigMapObject } from '../../../agent/policy/config-map.ts';

export const PLACE = { namespace: 'agents', name: 'kubelet-sysctls' };
const TAINT = { key: 'kubelet-sysctl-agent/pending', effect: 'NoSchedule' };
const DARK_MS = 600_000;

export interface Change {
  readonly name: string;
  /** undefined: it was deleted. */
  readonly seen: SeenNode | undefined;
}

interface Stored {
  readonly node: SimulatedNode;
  shown: FleetNode;
  version: number;
}

interface Snapshot {
  readonly version: number;
  readonly nodes: ReadonlyMap<string, { readonly shown: FleetNode; readonly version: number }>;
  readonly policy: ConfigMapObject;
  readonly status: StatusObject | undefined;
}

export class ScheduledApi {
  #version = 1000;
  readonly stored = new Map<string, Stored>();
  /** The watch events of the Nodes since the start or the last restore. */
  changes: Change[] = [];
  policy: ConfigMapObject = this.#configMap({});
  status: StatusObject | undefined;
  lists: StatusObject | undefined;
  /** Increases with each restore, which cuts every older connection. */
  epoch = 0;
  /** Violations of the invariants. */
  readonly faults: string[] = [];
  /** Write requests of coordinators, whatever their result. */
  readonly writes = { nodes: 0, status: 0, events: 0 };
  readonly maxUnavailable: number;
  #edits: { readonly at: number; readonly policy: ConfigMapObject }[] = [];
  #snapshot: Snapshot | undefined;
  #waiting: (() => void)[] = [];

  constructor(maxUnavailable: number) {
    this.maxUnavailable = maxUnavailable;
  }

  /** Resolves at the next change of any object or cut of a connection. */
  changed(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  notify(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  add(name: string, node: SimulatedNode): void {
    this.stored.set(name, { node, shown: node.seen(), version: 0 });
    this.#record(name);
  }

  delete(name: string): void {
    this.stored.delete(name);
    this.#version += 1;
    this.changes.push({ name, seen: undefined });
    this.notify();
  }

  edit(data: Readonly<Record<string, string>>, at: number): void {
    this.policy = this.#configMap(data);
    this.#edits.push({ at, policy: this.policy });
    this.notify();
  }

  /** The revision of the policy at an instant, for every node; undefined: no policy existed yet. */
  asked(at: number): { readonly revision: string; readonly paused: boolean } | undefined {
    const policy = this.#edits.findLast((edit) => edit.at <= at)?.policy;
    return policy && { revision: wanted(policy.data), paused: policy.data['paused'] === 'true' };
  }

  /** Stores a change of the node's agent or kubelet and sends its watch event. */
  touch(name: string): void {
    const entry = this.stored.get(name);
    if (entry !== undefined && !isDeepStrictEqual(entry.node.seen(), entry.shown)) this.#record(name);
  }

  /** A status update of a kubelet that no rollout reads. */
  heartbeat(): void {
    for (const name of this.stored.keys()) this.#record(name);
  }

  list(): Map<string, SeenNode> {
    return new Map([...this.stored.keys()].map((name) => [name, this.#seen(name)]));
  }

  write(seen: SeenNode, now: Date, change: (node: SimulatedNode) => void): SeenNode | undefined {
    const { name } = seen.node;
    const entry = this.stored.get(name);
    if (entry === undefined || String(entry.version) !== seen.resourceVersion) return undefined;
    const before = entry.node.seen();
    change(entry.node);
    this.#record(name);
    this.#checkBudget(before, entry.node.seen(), now);
    return this.#seen(name);
  }

  writeStatus(
    seen: StatusObject | undefined,
    data: Readonly<Record<string, string>>,
  ): StatusObject | undefined {
    if (seen?.resourceVersion !== this.status?.resourceVersion) return undefined;
    this.#version += 1;
    this.status = { resourceVersion: String(this.#version), data };
    return this.status;
  }

  writeLists(
    seen: StatusObject | undefined,
    data: Readonly<Record<string, string>>,
  ): StatusObject | undefined {
    if (seen?.resourceVersion !== this.lists?.resourceVersion) return undefined;
    this.#version += 1;
    this.lists = { resourceVersion: String(this.#version), data };
    return this.lists;
  }

  /** Stores a backup of etcd. */
  backUp(): void {
    const nodes = new Map([...this.stored].map(([name, { shown, version }]) => [name, { shown, version }]));
    this.#snapshot = { version: this.#version, nodes, policy: this.policy, status: this.status };
  }

  /** Restores the last backup: versions are lower than before, and every watch and request is cut. */
  restore(at: number): boolean {
    const snapshot = this.#snapshot;
    if (snapshot === undefined) return false;
    this.epoch += 1;
    // Each epoch uses another remainder, so no version has two contents.
    this.#version = snapshot.version + this.epoch;
    this.changes = [];
    this.policy = snapshot.policy;
    this.status = snapshot.status;
    this.#edits.push({ at, policy: this.policy });
    for (const [name, entry] of this.stored) {
      const older = snapshot.nodes.get(name);
      if (older === undefined) {
        this.#record(name);
      } else {
        entry.node.restore(older.shown);
        Object.assign(entry, { shown: entry.node.seen(), version: older.version });
      }
    }
    this.notify();
    return true;
  }

  #configMap(data: Readonly<Record<string, string>>): ConfigMapObject {
    this.#version += 1;
    return { ...PLACE, uid: 'u', resourceVersion: String(this.#version), data };
  }

  #record(name: string): void {
    const entry = this.stored.get(name);
    if (entry === undefined) return;
    this.#version += 16;
    entry.version = this.#version;
    entry.shown = entry.node.seen();
    this.changes.push({ name, seen: this.#seen(name) });
    this.notify();
  }

  #seen(name: string): SeenNode {
    const { shown, version } = this.stored.get(name) ?? { shown: undefined, version: 0 };
    if (shown === undefined) throw new Error(`Expected a Node ${name}, found none`);
    const taint = shown.joining ? { index: 0, value: TAINT } : undefined;
    return { node: shown, resourceVersion: String(version), taint };
  }

  /**
   * A Node that is Ready and idle is approved only while fewer than maxUnavailable others may change. Writes that an
   * etcd restore has lost are not counted.
   */
  #checkBudget(before: FleetNode, after: FleetNode, now: Date): void {
    const nodes = [...this.stored.values()].map(({ node }) => node);
    const isKnown = !nodes.some((node) => node.isLost());
    const begins = isRevision(after.approvedRevision) && !isMoving(before) && isMoving(after);
    if (!begins || !isKnown || after.joining || after.readiness?.ready !== true) return;
    const moving = nodes
      .map((node) => node.seen())
      .filter((node) => !node.joining && isMoving(node) && !isLongNotReady(node, now));
    if (moving.length > this.maxUnavailable) {
      const names = moving.map(({ name, state, approvedRevision }) => `${name} ${state} ${approvedRevision}`);
      this.faults.push(`${now.toISOString()}: ${after.name} is one too many: ${names.join(', ')}`);
    }
  }
}

const revisions = new Map<string, string>();

/** The policy's revision for every node. */
export function wanted(data: Readonly<Record<string, string>>): string {
  const key = data['allowedUnsafeSysctls'] ?? '';
  const known = revisions.get(key) ?? revisionOf(valid(data));
  revisions.set(key, known);
  return known;
}

function isLongNotReady({ readiness }: FleetNode, now: Date): boolean {
  return readiness?.ready === false && now.getTime() - readiness.since.getTime() >= DARK_MS;
}
