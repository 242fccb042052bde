// What the API server's audit log has of the agents.

import { readFile, stat } from 'node:fs/promises';
import {
  type AuditedRequest,
  auditLogOf,
  requestsIn,
} from '../../../../scripts/bed/control-plane/audit-log.ts';
import { AGENT_DAEMON_SET, AGENT_NAMESPACE } from '../../../../scripts/kubernetes/names.ts';
import type { World } from '../../../../scripts/node/world.ts';

const AGENT = `system:serviceaccount:${AGENT_NAMESPACE}:${AGENT_DAEMON_SET}`;

/** A place in the log from which `agentRequests` reads on. */
export async function auditPosition({ bed }: World): Promise<number> {
  return (await stat(auditLogOf(bed))).size;
}

/** The agents' requests whose answer began after the position; a watch counts once. */
export async function agentRequests({ bed }: World, position = 0): Promise<readonly AuditedRequest[]> {
  const text = (await readFile(auditLogOf(bed))).subarray(position).toString();
  return requestsIn(text).filter(({ user }) => user === AGENT);
}
