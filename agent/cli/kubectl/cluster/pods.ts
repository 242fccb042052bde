// Reads the pods that set sysctls, by the node on which they run.

import { sysctlPodsOf } from '../../../cluster/watch/sysctl-pods.ts';
import type { SysctlPod } from '../../../plan/in-use.ts';
import type { Session } from '../session.ts';

/** Returns the pods of all namespaces that have not ended, by the names of their nodes. */
export async function podsByNode({ transport }: Session): Promise<ReadonlyMap<string, readonly SysctlPod[]>> {
  const found = new Map<string, SysctlPod[]>();
  const bytes = transport.read({
    method: 'GET',
    path: '/api/v1/pods',
    query: { fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed', resourceVersion: '0' },
  });
  for await (const { pod, node } of sysctlPodsOf(bytes)) {
    if (node === undefined) continue;
    const others = found.get(node) ?? [];
    others.push(pod);
    found.set(node, others);
  }
  return found;
}
