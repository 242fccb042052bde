// Writes what a user requests: a key of the policy's ConfigMap, and annotations of Nodes.

import { isNotFound } from '../../../cluster/http/errors.ts';
import { MERGE_PATCH } from '../../../cluster/http/media-types.ts';
import { CONFIG_MAP } from '../../../names.ts';
import { UserError } from '../errors.ts';
import type { Session } from '../session.ts';
import { orNoNode } from './nodes.ts';

/** none: the API server keeps the change. server: it checks the change and keeps nothing. */
export const DRY_RUN = ['none', 'server'] as const;

export type DryRun = (typeof DRY_RUN)[number];

type Texts = Readonly<Record<string, string | null>>;

/** Sets keys of the policy; null removes a key. Throws a UserError when there is no ConfigMap. */
export async function patchPolicy({ transport, place }: Session, data: Texts, dryRun: DryRun): Promise<void> {
  const path = `/api/v1/namespaces/${encodeURIComponent(place.namespace)}/configmaps/${CONFIG_MAP}`;
  try {
    await transport.request({ ...patch(path, dryRun), body: { data } });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw new UserError(
      `Expected a ConfigMap ${CONFIG_MAP} in namespace ${place.namespace}, found none. Choose another namespace with -n.`,
    );
  }
}

/** Sets annotations of a Node; null removes one. Throws a UserError when there is no such Node. */
export async function annotate(
  { transport }: Session,
  name: string,
  annotations: Texts,
  dryRun: DryRun,
): Promise<void> {
  const request = patch(`/api/v1/nodes/${encodeURIComponent(name)}`, dryRun);
  await orNoNode(name, transport.request({ ...request, body: { metadata: { annotations } } }));
}

function patch(path: string, dryRun: DryRun) {
  const query = { fieldManager: 'kubectl-sysctls', ...(dryRun === 'server' && { dryRun: 'All' }) };
  return { method: 'PATCH', path, query, contentType: MERGE_PATCH } as const;
}
