// A fleet without machines: agents that need some time for a change, and the real decision of the coordinator.

import { parseFleetNode } from '../../agent/cluster/objects/fleet-node.ts';
import { objectAt } from '../../agent/cluster/http/json.ts';
import { parsePolicy } from '../../agent/policy/parse.ts';
import type { Policy } from '../../agent/policy/policy.ts';
import { decideRollout } from '../../agent/rollout/decide.ts';
import { actOn, type Circumstances } from './simulated-agent.ts';
import { nodeObject, simulatedNode, type SimulatedNode } from './simulated-node.ts';

export interface FleetOptions extends Pick<Circumstances, 'changeMs' | 'failureOf'> {
  readonly nodes: number;
  readonly policy: Readonly<Record<string, string>>;
  /** Called with each object that changed. */
  readonly onNode: (object: object) => void;
}

export interface SimulatedFleet {
  readonly data: Readonly<Record<string, string>>;
  setPolicy(data: Readonly<Record<string, string>>): void;
  /** All Nodes, or those that changed after a version. */
  objects(after?: number): readonly object[];
  object(name: string): object | undefined;
  /** Writes what a person writes; null removes. */
  annotate(name: string, annotations: Readonly<Record<string, string | null>>): void;
  /** The highest version so far. */
  version(): number;
  /** One round: the coordinator decides, and the agents act. */
  step(now: Date): void;
  /** Changes what is shown of this many nodes, for load. */
  touch(count: number): void;
  lose(name: string, since: Date): void;
}

/** Returns a fleet in which every node has the policy's list. Throws when the policy is not valid. */
export function simulatedFleet({
  nodes: size,
  policy: first,
  changeMs,
  failureOf,
  onNode,
}: FleetOptions): SimulatedFleet {
  let data = first;
  let policy = policyOf(first);
  let version = 1;
  let touched = 0;
  const nodes = new Map(
    Array.from({ length: size }, (_, index) => simulatedNode(index, policy)).map((node) => [node.name, node]),
  );
  const all = [...nodes.values()];

  return {
    get data() {
      return data;
    },
    setPolicy(next) {
      policy = policyOf(next);
      data = next;
      version += 1;
    },
    objects: (after = 0) => all.filter((node) => node.version > after).map(nodeObject),
    object(name) {
      const node = nodes.get(name);
      return node && nodeObject(node);
    },
    annotate(name, annotations) {
      const node = nodes.get(name);
      if (node === undefined) return;
      for (const [key, value] of Object.entries(annotations)) {
        if (value === null) delete node.input[key];
        else node.input[key] = value;
      }
      shown(node);
    },
    version: () => version,
    step(now) {
      decide(now);
      for (const node of all) {
        if (actOn(node, { policy, now, changeMs, failureOf })) shown(node);
      }
    },
    touch(count) {
      for (let index = 0; index < count; index += 1) {
        const node = all[(touched += 1) % all.length];
        if (node === undefined) return;
        node.state = node.state === 'Done' ? 'Working' : 'Done';
        shown(node);
      }
    },
    lose(name, since) {
      const node = nodes.get(name);
      if (node === undefined) return;
      node.notReadySince = since;
      shown(node);
    },
  };

  function shown(node: SimulatedNode): void {
    node.version = version += 1;
    onNode(nodeObject(node));
  }

  function decide(now: Date): void {
    const fleet = all.map((node) => parseFleetNode(objectAt(nodeObject(node))).node);
    for (const { node: name, revision } of decideRollout(fleet, { policy, errors: [] }, now).approvals) {
      const node = nodes.get(name);
      if (node === undefined) continue;
      node.approved = revision === undefined ? undefined : { revision, at: now };
      shown(node);
    }
  }
}

function policyOf(data: Readonly<Record<string, string>>): Policy {
  const parsed = parsePolicy(data);
  if (!parsed.ok) throw new Error(`Expected a valid policy, got ${JSON.stringify(parsed.errors)}`);
  return parsed.policy;
}
