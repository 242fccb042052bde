// The one edit that the tutorial is about, and its undoing.

import { PatchStrategy, setHeaderOptions, type V1ConfigMap } from '@kubernetes/client-node';
import { type Cluster, ifThere, statusCode } from './cluster.ts';
import { TutorialError } from './errors.ts';
import { type ListEdit, namesIn, withNames, withoutNames } from './list-text.ts';
import { AGENT_NAMESPACE, LIST_KEY, POLICY_CONFIG_MAP, SAFE_SYSCTL } from './names.ts';

const namespace = AGENT_NAMESPACE;
const name = POLICY_CONFIG_MAP;
const TRIES = 5;

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

/** The names that the policy's list allows; empty when there is no ConfigMap. */
export async function allowedNow(cluster: Cluster): Promise<readonly string[]> {
  const configMap = await ifThere(cluster.core.readNamespacedConfigMap({ namespace, name }));
  return namesIn(configMap?.data?.[LIST_KEY] ?? '');
}

async function editList(cluster: Cluster, change: (text: string) => string): Promise<void> {
  for (let tries = TRIES; ; tries--) {
    const configMap = await ifThere(cluster.core.readNamespacedConfigMap({ namespace, name }));
    if (configMap === undefined) {
      throw new TutorialError(
        `Expected a ConfigMap ${namespace}/${name}, found none; kubectl apply -k daemonset/ brings it.`,
      );
    }
    const before = configMap.data?.[LIST_KEY] ?? '';
    const after = change(before);
    if (after === before) return;
    try {
      await patch(cluster, configMap, after);
      return;
    } catch (error) {
      // Somebody else edited it in between: theirs must not be lost.
      if (statusCode(error) !== 409 || tries === 0) throw error;
    }
  }
}

async function patch(cluster: Cluster, { metadata }: V1ConfigMap, list: string): Promise<void> {
  const body = { metadata: { resourceVersion: metadata?.resourceVersion }, data: { [LIST_KEY]: list } };
  await cluster.core.patchNamespacedConfigMap(
    { namespace, name, body },
    setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
  );
}
