// One agent's requests, counted in the API server's own audit log.

import { isObject, objectAt, textAt, type JsonObject } from '../../agent/cluster/fields.ts';

export interface Requests {
  readonly all: number;
  readonly writes: number;
}

export interface AuditQuery {
  readonly user: string;
  /** Where the token's pod runs. */
  readonly node: string;
  readonly from: Date;
  readonly to: Date;
}

const READS = ['get', 'list', 'watch'];

/** `log` has one JSON object a line; a watch's beginning and end are two of them and one request. */
export function requestsIn(log: string, { user, node, from, to }: AuditQuery): Requests {
  const verbs = new Map<string, string>();
  for (const line of log.split('\n').filter(Boolean)) {
    const event = parsed(line);
    const received = new Date(textAt(event, 'requestReceivedTimestamp') ?? '');
    const by = objectAt(event, 'user');
    const nodes = objectAt(by, 'extra')['authentication.kubernetes.io/node-name'];
    const isTheirs = textAt(by, 'username') === user && Array.isArray(nodes) && nodes.includes(node);
    if (isTheirs && received >= from && received < to) {
      verbs.set(textAt(event, 'auditID') ?? '', textAt(event, 'verb') ?? '');
    }
  }
  const writes = [...verbs.values()].filter((verb) => !READS.includes(verb)).length;
  return { all: verbs.size, writes };
}

/** The last line may be half written. */
function parsed(line: string): JsonObject {
  try {
    const event: unknown = JSON.parse(line);
    return isObject(event) ? event : {};
  } catch {
    return {};
  }
}
