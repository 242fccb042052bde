// A cluster of Nodes in memory: a coordinator's writes and their watch events.

import type { FleetNode } from '../../agent/rollout/fleet.ts';
import {
  ConflictError,
  type FleetCluster,
  type SeenNode,
  type StatusObject,
} from '../../agent/rollout/ports.ts';
import { seenNode } from './fleet-nodes.ts';
import { settle } from './fake-clock.ts';
import type { ConfigMapObject } from '../../agent/policy/config-map.ts';
import type { EventDraft } from '../../agent/report/event-draft.ts';

export class FakeFleet implements FleetCluster {
  readonly nodes = new Map<string, SeenNode>();
  /** In order: `n1 approved aaaa`, `n1 withdrawn`, `n1 untainted`. */
  readonly writes: string[] = [];
  readonly notes: EventDraft[] = [];
  readonly statuses: Readonly<Record<string, string>>[] = [];
  status: StatusObject | undefined;
  /** Concurrent writes now, and the maximum so far. */
  underWay = { now: 0, most: 0 };
  /** Called before each write of a Node; may throw. */
  onWrite: (name: string) => void = () => undefined;
  /** Called before each Event; may throw. */
  onEvent: (note: EventDraft) => void = () => undefined;
  #version = 100;

  /** The ConfigMap of the lists, and how often it was written. */
  lists: StatusObject | undefined;
  listWrites = 0;
  /** Called before the lists are written; may throw. */
  onLists: () => void = () => {};

  put(name: string, more: Partial<FleetNode> = {}): SeenNode {
    this.#version += 1;
    const seen = seenNode(name, this.#version, { ...this.nodes.get(name)?.node, ...more });
    this.nodes.set(name, seen);
    return seen;
  }

  /** The next version is `version` + 1, as after an etcd restore. */
  restore(version: number): void {
    this.#version = version;
  }

  approve(seen: SeenNode, revision: string | undefined): Promise<SeenNode> {
    const said = revision === undefined ? 'withdrawn' : `approved ${revision}`;
    return this.#write(seen, said, { approvedRevision: revision });
  }

  untaint(seen: SeenNode): Promise<SeenNode> {
    return this.#write(seen, 'untainted', { joining: false });
  }

  async readStatus(): Promise<StatusObject | undefined> {
    await settle();
    return this.status;
  }

  async writeStatus(
    seen: StatusObject | undefined,
    data: Readonly<Record<string, string>>,
  ): Promise<StatusObject> {
    await settle();
    if (seen?.resourceVersion !== this.status?.resourceVersion) throw new ConflictError('status');
    this.#version += 1;
    this.statuses.push(data);
    this.status = { resourceVersion: String(this.#version), data };
    return this.status;
  }

  async readLists(): Promise<StatusObject | undefined> {
    await settle();
    return this.lists;
  }

  async writeLists(
    seen: StatusObject | undefined,
    data: Readonly<Record<string, string>>,
  ): Promise<StatusObject> {
    await settle();
    this.onLists();
    if (seen?.resourceVersion !== this.lists?.resourceVersion) throw new ConflictError('lists');
    this.#version += 1;
    this.listWrites += 1;
    this.lists = { resourceVersion: String(this.#version), data };
    return this.lists;
  }

  async policyEvent(_configMap: ConfigMapObject, note: EventDraft): Promise<void> {
    await settle();
    this.onEvent(note);
    this.notes.push(note);
  }

  async #write(seen: SeenNode, said: string, change: Partial<FleetNode>): Promise<SeenNode> {
    const { name } = seen.node;
    this.underWay.now += 1;
    this.underWay.most = Math.max(this.underWay.most, this.underWay.now);
    await settle();
    this.underWay.now -= 1;
    this.onWrite(name);
    if (this.nodes.get(name)?.resourceVersion !== seen.resourceVersion) throw new ConflictError(name);
    this.writes.push(`${name} ${said}`);
    return this.put(name, change);
  }
}
