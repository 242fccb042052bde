// The tutorial's edit of the policy, and its reversal.

import { PatchStrategy, setHeaderOptions, type V1ConfigMap } from '@kubernetes/client-node';
import { type Cluster, ifThere, retryOnConflict } from './cluster.ts';
import { TutorialError } from './errors.ts';
import { type ListEdit, namesIn, withNames, withoutNames } from './list-text.ts';
import { AGENT_NAMESPACE, AT_ONCE, LIST_KEY, POLICY_CONFIG_MAP, ROLLOUT_KEY, SAFE_SYSCTL } from './names.ts';

const namespace = AGENT_NAMESPACE;
const name = POLICY_CONFIG_MAP;
const TRIES = 5;
/** A valid list that needs no change on any node. */
const NOTHING = `${SAFE_SYSCTL}\n`;

/** Adds names to the policy's list; keeps every other key and name. */
export async function allow(cluster: Cluster, names: readonly string[]): Promise<ListEdit> {
  let edit: ListEdit = { text: '', added: [] };
  await editList(cluster, (text) => {
    edit = withNames(text, names);
    return edit.text;
  });
  return edit;
}

/**
 * Removes names from the list. A list that would be empty keeps, or gets, the tutorial's safe sysctl, which needs no change
 * on any node: the agent treats an empty list as a mistake, and changes nothing.
 */
export async function forbid(cluster: Cluster, names: readonly string[]): Promise<void> {
  await editList(cluster, (text) => {
    const rest = withoutNames(text, names);
    return namesIn(rest).length > 0 ? rest : withNames(rest, [SAFE_SYSCTL]).text;
  });
}

/**
 * Removes every key except documentation and pace, and leaves a list that needs no change on any node; only for the tutorial's
 * own clusters. Resolves with false when there was nothing to remove.
 */
export async function resetPolicy(cluster: Cluster): Promise<boolean> {
  const configMap = await ifThere(cluster.core.readNamespacedConfigMap({ namespace, name }));
  const keys = Object.keys(configMap?.data ?? {}).filter(
    (key) => !key.startsWith('_') && key !== ROLLOUT_KEY,
  );
  const untouched = keys.every((key) => key === LIST_KEY) && configMap?.data?.[LIST_KEY] === NOTHING;
  if (configMap === undefined || keys.length === 0 || untouched) return false;
  const data = { ...Object.fromEntries(keys.map((key) => [key, null])), [LIST_KEY]: NOTHING };
  await patch(cluster, configMap, data);
  return true;
}

/** Lets all nodes change at once; only for the tutorial's own clusters. */
export async function goAtOnce(cluster: Cluster): Promise<void> {
  await patch(cluster, {}, { [ROLLOUT_KEY]: AT_ONCE });
}

/** Returns whether the policy lets all nodes change at once. */
export async function goesAtOnce(cluster: Cluster): Promise<boolean> {
  const configMap = await ifThere(cluster.core.readNamespacedConfigMap({ namespace, name }));
  return configMap?.data?.[ROLLOUT_KEY] === AT_ONCE;
}

/** Returns the names in the policy's list; empty when there is no ConfigMap. */
export async function allowedNow(cluster: Cluster): Promise<readonly string[]> {
  const configMap = await ifThere(cluster.core.readNamespacedConfigMap({ namespace, name }));
  return namesIn(configMap?.data?.[LIST_KEY] ?? '');
}

async function editList(cluster: Cluster, change: (text: string) => string): Promise<void> {
  await retryOnConflict(TRIES, async () => {
    const configMap = await ifThere(cluster.core.readNamespacedConfigMap({ namespace, name }));
    if (configMap === undefined) {
      throw new TutorialError(
        `Expected a ConfigMap ${namespace}/${name}, found none. Create it: kubectl apply -k daemonset/`,
      );
    }
    const before = configMap.data?.[LIST_KEY] ?? '';
    const after = change(before);
    if (after !== before) await patch(cluster, configMap, { [LIST_KEY]: after });
  });
}

async function patch(
  cluster: Cluster,
  { metadata }: V1ConfigMap,
  data: Readonly<Record<string, string | null>>,
): Promise<void> {
  const body = { metadata: { resourceVersion: metadata?.resourceVersion }, data };
  await cluster.core.patchNamespacedConfigMap(
    { namespace, name, body },
    setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
  );
}
