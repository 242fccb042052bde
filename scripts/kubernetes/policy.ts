// The one edit that the tutorial is about, and its undoing.

import { PatchStrategy, setHeaderOptions, type V1ConfigMap } from '@kubernetes/client-node';
import { type Cluster, ifThere, retryOnConflict } from './cluster.ts';
import { TutorialError } from './errors.ts';
import { type ListEdit, namesIn, withNames, withoutNames } from './list-text.ts';
import { AGENT_NAMESPACE, AT_ONCE, LIST_KEY, POLICY_CONFIG_MAP, ROLLOUT_KEY, SAFE_SYSCTL } from './names.ts';

const namespace = AGENT_NAMESPACE;
const name = POLICY_CONFIG_MAP;
const TRIES = 5;
/** A list that is valid and asks nothing of a node. */
const NOTHING = `${SAFE_SYSCTL}\n`;

/** Adds names to the policy's list and leaves every other key and name as it is. */
export async function allow(cluster: Cluster, names: readonly string[]): Promise<ListEdit> {
  let edit: ListEdit = { text: '', added: [] };
  await editList(cluster, (text) => {
    edit = withNames(text, names);
    return edit.text;
  });
  return edit;
}

/**
 * Takes names out again. A list that would be empty keeps, or gets, the tutorial's safe sysctl, which asks nothing of
 * a node: the agent takes an empty list for a mistake, and changes nothing.
 */
export async function forbid(cluster: Cluster, names: readonly string[]): Promise<void> {
  await editList(cluster, (text) => {
    const rest = withoutNames(text, names);
    return namesIn(rest).length > 0 ? rest : withNames(rest, [SAFE_SYSCTL]).text;
  });
}

/**
 * Takes every key out that is not documentation or the pace, and leaves a list that asks nothing of a node; for clusters that are
 * the tutorial's own. false: there was nothing to take out.
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

/** Lets all nodes go at once; for clusters that are the tutorial's own. */
export async function goAtOnce(cluster: Cluster): Promise<void> {
  await patch(cluster, {}, { [ROLLOUT_KEY]: AT_ONCE });
}

/** Whether the policy lets all nodes go at once. */
export async function goesAtOnce(cluster: Cluster): Promise<boolean> {
  const configMap = await ifThere(cluster.core.readNamespacedConfigMap({ namespace, name }));
  return configMap?.data?.[ROLLOUT_KEY] === AT_ONCE;
}

/** The names that the policy's list allows; empty when there is no ConfigMap. */
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
