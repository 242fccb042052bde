// Counts one agent's requests in the API server's audit log.

import { isWrite, requestsIn } from '../../bed/control-plane/audit-log.ts';

export interface Requests {
  readonly all: number;
  readonly writes: number;
}

export interface AuditQuery {
  readonly user: string;
  /** The node of the token's pod. */
  readonly node: string;
  readonly from: Date;
  readonly to: Date;
}

/** Counts the requests of that user from that node between those instants. */
export function countRequests(log: string, { user, node, from, to }: AuditQuery): Requests {
  const theirs = requestsIn(log).filter(
    (request) =>
      request.user === user &&
      request.node === node &&
      request.at >= from.getTime() &&
      request.at < to.getTime(),
  );
  return { all: theirs.length, writes: theirs.filter(isWrite).length };
}
