// One agent's requests, counted in the API server's own audit log.

import { isWrite, requestsIn } from '../../bed/control-plane/audit-log.ts';

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

/** What that user sent from that node between those instants. */
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
