// Whether a restarted kubelet reports its node as Ready to the API server, which also proves that it can reach it.

import type { Clock, Cluster, Readiness, Systemd, UnitStatus } from '../ports.ts';
import { endedBecause } from './verify.ts';

export interface ReadinessPorts {
  readonly systemd: Systemd;
  readonly clock: Clock;
  readonly cluster: Pick<Cluster, 'seenReadiness' | 'readiness'>;
}

/**
 * How long a kubelet may take to report, in ms: it reports at its start, and retries every 10 s (kubernetes
 * pkg/kubelet/kubelet_node_status.go, tryUpdateNodeStatus).
 */
export const REPORTS_WITHIN_MS = 45_000;
/** How long a node may stay NotReady, in ms: some kubelets report NotReady for a moment after their start. */
const READY_WITHIN_MS = 30_000;
const INTERVAL_MS = 250;
/** Interval of queries, in ms. The watch comes first: querying an overloaded API server does not speed it up. */
const QUERY_INTERVAL_MS = 3000;

/**
 * Resolves with undefined once the kubelet has reported a node that is no worse than before, else with the fault when its time is over.
 * `before` is an instant shortly before the kubelet's start. Queries the API server every 3 s, because the watch may have stalled.
 */
export async function checkNodeReady(
  ports: ReadinessPorts,
  started: UnitStatus,
  before: Date,
): Promise<string | undefined> {
  const faultOf = (found: Readiness | undefined): Fault | undefined =>
    found && faultIn(found, startedAt(ports.clock, started, before));
  const beganMs = ports.clock.monotonicMs();
  for (let queriedMs = beganMs; ;) {
    const seen = ports.cluster.seenReadiness();
    if (seen !== undefined && faultOf(seen) === undefined) {
      return undefined;
    }
    if (ports.clock.monotonicMs() - queriedMs >= QUERY_INTERVAL_MS) {
      // An API server that does not answer is not the kubelet's fault.
      const fault = faultOf(await ports.cluster.readiness().catch(() => undefined));
      queriedMs = ports.clock.monotonicMs();
      if (fault === undefined) {
        return undefined;
      }
      if (queriedMs - beganMs > fault.toleratedMs) {
        return endedBecause(ports, started, fault.what);
      }
    }
    await ports.clock.sleep(INTERVAL_MS);
  }
}

/** The kubelet's start. The clock may have been set since, before or after the kubelet stamped its report: the earlier time counts. */
function startedAt(clock: Clock, { startedMs }: UnitStatus, before: Date): Date {
  const bySetClock = clock.now().getTime() - (clock.monotonicMs() - startedMs);
  return new Date(Math.min(before.getTime(), bySetClock));
}

interface Fault {
  readonly what: string;
  readonly toleratedMs: number;
}

function faultIn({ ready, since, reported, message }: Readiness, at: Date): Fault | undefined {
  const second = Math.floor(at.getTime() / 1000) * 1000;
  if (reported.getTime() < second) {
    const what = `did not report its node to the API server within ${REPORTS_WITHIN_MS / 1000} s`;
    return { what, toleratedMs: REPORTS_WITHIN_MS };
  }
  // A node that was not Ready before the restart is not the change's fault.
  if (ready || since.getTime() < second) {
    return undefined;
  }
  return { what: `left the node not Ready (${message})`, toleratedMs: READY_WITHIN_MS };
}
