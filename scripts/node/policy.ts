// The policy's ConfigMap as a user edits it: whole, or one node's share of it.

import { parse, stringify } from 'yaml';
import { ifThere, retryOnConflict } from '../kubernetes/cluster.ts';
import { AGENT_NAMESPACE, POLICY_CONFIG_MAP, SAFE_SYSCTL } from '../kubernetes/names.ts';
import type { World } from './world.ts';

type Data = Readonly<Record<string, string>>;

interface Profile {
  readonly name: string;
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly allowedUnsafeSysctls: readonly string[];
}

const WHERE = { namespace: AGENT_NAMESPACE, name: POLICY_CONFIG_MAP };
/** Of us who documents the keys; applied again and again by `kubectl apply -k`. */
const EXAMPLE = '_example';
/** Valid, and asks nothing of any node. */
const BASE = SAFE_SYSCTL;
const TRIES = 20;
/** Every case waits for it after every change. */
const NODE_SOAK_SECONDS = '1';
/** Most cases are about one node; those about the fleet say Coordinated themselves. */
const ROLLOUT = 'Immediate';

/**
 * Gives one node a list of its own, and leaves those of the other nodes alone; everything else of the policy becomes the
 * default. An empty list takes the node out.
 */
export async function setList(world: World, node: string, names: readonly string[]): Promise<void> {
  await editPolicy(world, (data) => {
    const others = profilesIn(data).filter(({ name }) => name !== node);
    const own = { name: node, nodeSelector: { 'kubernetes.io/hostname': node }, allowedUnsafeSysctls: names };
    return policyData([...others, ...(names.length === 0 ? [] : [own])]);
  });
}

/** Adds keys to the policy, or takes them out (undefined). Nodes go by themselves unless a key says otherwise. */
export async function setKeys(
  world: World,
  keys: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  await editPolicy(world, (data) => {
    const entries = Object.entries({ rollout: ROLLOUT, ...data, ...keys });
    return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
  });
}

/** A policy that asks nothing of any node. */
export async function clearPolicy(world: World): Promise<void> {
  await editPolicy(world, () => policyData([]));
}

/** The ConfigMap's data; undefined when there is none. */
export async function policyNow({ cluster }: World): Promise<Data | undefined> {
  const found = await ifThere(cluster.core.readNamespacedConfigMap(WHERE));
  return found && (found.data ?? {});
}

/** Its resourceVersion; undefined when there is none. */
export async function policyVersion({ cluster }: World): Promise<string | undefined> {
  return (await ifThere(cluster.core.readNamespacedConfigMap(WHERE)))?.metadata?.resourceVersion;
}

export async function deletePolicy({ cluster }: World): Promise<void> {
  await ifThere(cluster.core.deleteNamespacedConfigMap(WHERE));
}

/** Makes the ConfigMap where it is missing. */
async function editPolicy({ cluster }: World, change: (data: Data) => Data): Promise<void> {
  await retryOnConflict(TRIES, async () => {
    const found = await ifThere(cluster.core.readNamespacedConfigMap(WHERE));
    const before = found?.data ?? {};
    const example = before[EXAMPLE] === undefined ? {} : { [EXAMPLE]: before[EXAMPLE] };
    const data = { ...example, ...change(before) };
    if (found === undefined) {
      const body = { metadata: WHERE, data };
      await cluster.core.createNamespacedConfigMap({ namespace: WHERE.namespace, body });
    } else {
      await cluster.core.replaceNamespacedConfigMap({ ...WHERE, body: Object.assign(found, { data }) });
    }
  });
}

function policyData(profiles: readonly Profile[]): Data {
  return {
    allowedUnsafeSysctls: `${BASE}\n`,
    nodeSoakSeconds: NODE_SOAK_SECONDS,
    rollout: ROLLOUT,
    ...(profiles.length === 0 ? {} : { profiles: stringify(profiles) }),
  };
}

function profilesIn(data: Data): readonly Profile[] {
  try {
    const profiles: unknown = parse(data['profiles'] ?? '');
    return Array.isArray(profiles) ? profiles : [];
  } catch {
    return [];
  }
}
