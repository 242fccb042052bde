// Observes the node while its files are watched: a change after an observation began causes another pass.

import { isDeepStrictEqual } from 'node:util';
import { errorText } from '../../text/error-text.ts';
import type { AgentState } from '../state/state-store.ts';
import { observe, type Intent, type Observation, type ObservePorts, type Unobservable } from './observe.ts';
import type { HostWatch } from '../ports.ts';
import type { AgentLog } from '../../report/log.ts';

export interface HostObserver {
  /** As `observe` of observe.ts. Throws when the host does not answer. */
  observe(started: AgentState['started'], intent: Intent): Promise<Observation | Unobservable>;
  /** When to observe again because the files could not be watched; undefined when they are watched. */
  pollAt(): Date | undefined;
}

export interface HostObserverPorts extends ObservePorts {
  readonly watch: HostWatch;
  readonly log: Pick<AgentLog, 'warn'>;
}

const POLL_MS = 10_000;

/** Watches the files of the last observation; polls every 10 s when that fails. */
export function createHostObserver(ports: HostObserverPorts): HostObserver {
  let watched: readonly string[] = [];
  let unhealthy: { readonly invocationId: string; readonly sinceMs: number } | undefined;
  /** Why the files are not watched; undefined while they are. */
  let unwatched: string | undefined;

  async function watch(): Promise<void> {
    try {
      await ports.watch.watchPaths(watched);
      unwatched = undefined;
    } catch (error) {
      const why = errorText(error);
      if (why !== unwatched) {
        ports.log.warn(
          { err: error },
          `The kubelet's files cannot be watched; the agent observes them every 10 s`,
        );
      }
      unwatched = why;
    }
  }

  function withUnhealthyTime(observation: Observation | Unobservable): Observation | Unobservable {
    if (observation.kind === 'unobservable' || observation.healthy || !observation.runs) {
      unhealthy = undefined;
      return observation;
    }
    const { invocationId } = observation.status;
    const nowMs = ports.clock.monotonicMs();
    unhealthy = unhealthy?.invocationId === invocationId ? unhealthy : { invocationId, sinceMs: nowMs };
    return { ...observation, unhealthyMs: nowMs - unhealthy.sinceMs };
  }

  return {
    async observe(started, intent) {
      // Also reopens a watched folder that was replaced meanwhile.
      await watch();
      const observation = await observe(ports, started, intent);
      if (isDeepStrictEqual(watched, observation.watch)) {
        return withUnhealthyTime(observation);
      }
      watched = observation.watch;
      await watch();
      return withUnhealthyTime(await observe(ports, started, intent));
    },
    pollAt: () => (unwatched === undefined ? undefined : new Date(ports.clock.now().getTime() + POLL_MS)),
  };
}
