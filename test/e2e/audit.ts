// What the API server's audit log has of the agents.

import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AGENT_DAEMON_SET, AGENT_NAMESPACE } from '../tutorial/names.ts';
import type { World } from './world.ts';

export interface Request {
  readonly verb: string;
  readonly uri: string;
  /** The agent's pod. */
  readonly pod: string;
  /** When it began, in ms. */
  readonly at: number;
}

/** With the quote at its end: the coordinator's account is in the same namespace. */
const AGENT = `"system:serviceaccount:${AGENT_NAMESPACE}:${AGENT_DAEMON_SET}"`;
const POD = 'authentication.kubernetes.io/pod-name';
const WRITES = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);

export function isWrite({ verb }: Request): boolean {
  return WRITES.has(verb);
}

/** A place in the log from which `agentRequests` reads on. */
export async function auditPosition({ bed }: World): Promise<number> {
  return (await stat(logOf(bed))).size;
}

/** The agents' requests whose answer began after the position; a watch counts once. */
export async function agentRequests({ bed }: World, position = 0): Promise<readonly Request[]> {
  const text = (await readFile(logOf(bed))).subarray(position).toString();
  const lines = text.split('\n').filter((line) => line.includes(AGENT));
  const requests = lines.map((line) => requestIn(JSON.parse(line)));
  return [...new Map(requests.map((request) => [request.id, request])).values()];
}

interface AuditEvent {
  readonly auditID: string;
  readonly verb: string;
  readonly requestURI: string;
  readonly requestReceivedTimestamp: string;
  readonly user: { readonly extra?: Readonly<Record<string, readonly string[]>> };
}

function requestIn(event: AuditEvent): Request & { readonly id: string } {
  return {
    id: event.auditID,
    verb: event.verb,
    uri: event.requestURI,
    pod: event.user.extra?.[POD]?.[0] ?? '',
    at: Date.parse(event.requestReceivedTimestamp),
  };
}

function logOf(bed: World['bed']): string {
  return join(bed.folder, 'log', 'audit.log');
}
