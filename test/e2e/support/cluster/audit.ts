// The agents' requests in the API server's audit log.

import { readFile, stat } from 'node:fs/promises';
import {
  type AuditedRequest,
  auditLogOf,
  requestsIn,
} from '../../../../scripts/bed/control-plane/audit-log.ts';
import { AGENT_DAEMON_SET, AGENT_NAMESPACE } from '../../../../scripts/kubernetes/names.ts';
import type { World } from '../../../../scripts/node/world.ts';

const AGENT = `system:serviceaccount:${AGENT_NAMESPACE}:${AGENT_DAEMON_SET}`;

/** Returns the current end of the log, from which `agentRequests` can read. */
export async function auditPosition({ bed }: World): Promise<number> {
  return (await stat(auditLogOf(bed))).size;
}

/** Returns the agents' requests whose answer began after the position; a watch counts once. */
export async function agentRequests({ bed }: World, position = 0): Promise<readonly AuditedRequest[]> {
  const text = (await readFile(auditLogOf(bed))).subarray(position).toString();
  return requestsIn(text).filter(({ user }) => user === AGENT);
}
