// The pods that set sysctls, by the node they run on.

import { jsonOf } from '../../cluster/answer.ts';
import { objectAt, textAt } from '../../cluster/fields.ts';
import { itemsOf } from '../../cluster/items.ts';
import { parsePod } from '../../cluster/objects.ts';
import type { SysctlPod } from '../../plan/in-use.ts';
import type { Session } from './session.ts';

/** Most pods have none, and need not be parsed. */
const SYSCTLS = Buffer.from('"sysctls"');

/** Those that live, in all namespaces. */
export async function podsByNode({ transport }: Session): Promise<ReadonlyMap<string, readonly SysctlPod[]>> {
  const found = new Map<string, SysctlPod[]>();
  const bytes = transport.read({
    method: 'GET',
    path: '/api/v1/pods',
    query: { fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed', resourceVersion: '0' },
  });
  for await (const text of itemsOf(bytes)) {
    if (!text.includes(SYSCTLS)) continue;
    const object = objectAt(jsonOf(text.toString('utf8')));
    const node = textAt(objectAt(object, 'spec'), 'nodeName');
    const pod = parsePod(object);
    if (node === undefined || pod.sysctls.length === 0) continue;
    const others = found.get(node) ?? [];
    others.push(pod);
    found.set(node, others);
  }
  return found;
}
