// What a restarted kubelet says of its node to the API server: that it is Ready, and with that, that it can say so.

import type { Clock, Cluster, Readiness, Systemd, UnitStatus } from '../ports.ts';
import { endedBecause } from './verify.ts';

export interface ReadinessPorts {
  readonly systemd: Systemd;
  readonly clock: Clock;
  readonly cluster: Pick<Cluster, 'seenReadiness' | 'readiness'>;
}

/** A kubelet reports at its start, and every 10 s as long as it could not (kubernetes pkg/kubelet/kubelet_node_status.go, tryUpdateNodeStatus). */
export const REPORTS_WITHIN_MS = 45_000;
/** Some kubelets say NotReady for a moment after their start. */
const READY_WITHIN_MS = 30_000;
const LOOK_MS = 250;
/** What is late because the API server has too much to do comes no sooner for being asked for. */
const ASK_AFTER_MS = 3000;

/**
 * Resolves with undefined once the kubelet has reported a node that is no worse than before; else with why, in the end. `before` is an
 * instant shortly before its start. The API server is asked every 3 s where what it has told by itself is not enough: it may have fallen silent.
 */
export async function checkNodeReady(
  ports: ReadinessPorts,
  started: UnitStatus,
  before: Date,
): Promise<string | undefined> {
  const faultOf = (found: Readiness | undefined): Fault | undefined =>
    found && faultIn(found, startedAt(ports.clock, started, before));
  const begun = ports.clock.monotonicMs();
  for (let asked = begun; ;) {
    const seen = ports.cluster.seenReadiness();
    if (seen !== undefined && faultOf(seen) === undefined) {
      return undefined;
    }
    if (ports.clock.monotonicMs() - asked >= ASK_AFTER_MS) {
      // That the API server cannot be asked is no fault of the kubelet's.
      const fault = faultOf(await ports.cluster.readiness().catch(() => undefined));
      asked = ports.clock.monotonicMs();
      if (fault === undefined) {
        return undefined;
      }
      if (asked - begun > fault.bearableMs) {
        return endedBecause(ports, started, fault.what);
      }
    }
    await ports.clock.sleep(LOOK_MS);
  }
}

/** Somebody may have set the clock since, before the kubelet told a time by it or after that: the earlier one counts. */
function startedAt(clock: Clock, { startedMs }: UnitStatus, before: Date): Date {
  const bySetClock = clock.now().getTime() - (clock.monotonicMs() - startedMs);
  return new Date(Math.min(before.getTime(), bySetClock));
}

interface Fault {
  readonly what: string;
  readonly bearableMs: number;
}

function faultIn({ ready, since, reported, message }: Readiness, at: Date): Fault | undefined {
  const second = Math.floor(at.getTime() / 1000) * 1000;
  if (reported.getTime() < second) {
    const what = `did not report its node to the API server within ${REPORTS_WITHIN_MS / 1000} s`;
    return { what, bearableMs: REPORTS_WITHIN_MS };
  }
  // A node that was not Ready before the restart either is nothing that the change has done.
  if (ready || since.getTime() < second) {
    return undefined;
  }
  return { what: `left the node not Ready (${message})`, bearableMs: READY_WITHIN_MS };
}
