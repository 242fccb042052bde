// Edits the policy's ConfigMap: all of it, or one node's profile.

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
/** Documents the keys; `kubectl apply -k` restores it. */
const EXAMPLE = '_example';
/** A valid list that needs no change on any node. */
const BASE = SAFE_SYSCTL;
const TRIES = 20;
/** Short, since every case waits for it after every change. */
const NODE_SOAK_SECONDS = '1';
/** Most cases are about one node; those about the fleet set Coordinated. */
const ROLLOUT = 'Immediate';

/**
 * Gives one node its own list, and keeps those of the other nodes; everything else of the policy becomes the default. An empty
 * list removes the node's profile.
 */
export async function setList(world: World, node: string, names: readonly string[]): Promise<void> {
  await editPolicy(world, (data) => {
    const others = profilesIn(data).filter(({ name }) => name !== node);
    const own = { name: node, nodeSelector: { 'kubernetes.io/hostname': node }, allowedUnsafeSysctls: names };
    return policyData([...others, ...(names.length === 0 ? [] : [own])]);
  });
}

/** Adds keys to the policy, or removes them (undefined). Nodes change without approval unless a key says otherwise. */
export async function setKeys(
  world: World,
  keys: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  await editPolicy(world, (data) => {
    const entries = Object.entries({ rollout: ROLLOUT, ...data, ...keys });
    return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
  });
}

/** Sets a policy that needs no change on any node. */
export async function clearPolicy(world: World): Promise<void> {
  await editPolicy(world, () => policyData([]));
}

/** Returns the ConfigMap's data; undefined when there is none. */
export async function policyNow({ cluster }: World): Promise<Data | undefined> {
  const found = await ifThere(cluster.core.readNamespacedConfigMap(WHERE));
  return found && (found.data ?? {});
}

/** Returns the ConfigMap's resourceVersion; undefined when there is none. */
export async function policyVersion({ cluster }: World): Promise<string | undefined> {
  return (await ifThere(cluster.core.readNamespacedConfigMap(WHERE)))?.metadata?.resourceVersion;
}

export async function deletePolicy({ cluster }: World): Promise<void> {
  await ifThere(cluster.core.deleteNamespacedConfigMap(WHERE));
}

/** Edits the ConfigMap; creates it when it is missing. */
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
    // Of use on a node that is made one of OpenShift, and of no effect elsewhere.
    openShiftConfigDir: 'true',
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
