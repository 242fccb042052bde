// Keeps the ConfigMap of the lists: writes what differs, and never holds up the rollout.

import { isDeepStrictEqual } from 'node:util';
import type { Policy } from '../../policy/policy.ts';
import type { AgentLog } from '../../report/log.ts';
import type { Clock } from '../../time/clock.ts';
import type { FleetNode } from '../fleet.ts';
import { ConflictError, type FleetCluster, type StatusObject } from '../ports.ts';
import { type ListsData, listsOf } from './lists.ts';

export interface ListsPublisher {
  /**
   * Writes the lists if they differ; without a valid policy those of the last one stay. Resolves with the ms after which to call again;
   * undefined: all is written. Never rejects.
   */
  publish(policy: Policy | undefined, nodes: readonly FleetNode[]): Promise<number | undefined>;
  /** The ConfigMap may have changed: the next `publish` reads it. */
  readAgain(): void;
}

const RETRY_MS = 5000;
/** How long the ConfigMap counts as it was read, in ms: a person may delete it. */
const KNOWN_MS = 600_000;

export function listsPublisher(
  cluster: Pick<FleetCluster, 'readLists' | 'writeLists'>,
  clock: Pick<Clock, 'monotonicMs'>,
  log: AgentLog,
  mayWrite: () => boolean,
): ListsPublisher {
  let known: { readonly seen: StatusObject | undefined; readonly atMs: number } | undefined;

  async function write(data: ListsData): Promise<void> {
    const nowMs = clock.monotonicMs();
    if (known === undefined || nowMs - known.atMs > KNOWN_MS) {
      known = { seen: await cluster.readLists(), atMs: nowMs };
    }
    if (!isDeepStrictEqual({ ...known.seen?.data }, data) && mayWrite()) {
      known = { seen: await cluster.writeLists(known.seen, data), atMs: clock.monotonicMs() };
    }
  }

  return {
    async publish(policy, nodes) {
      if (policy === undefined || !mayWrite()) {
        return undefined;
      }
      try {
        await write(listsOf(policy, nodes));
        return undefined;
      } catch (error) {
        known = undefined;
        if (!(error instanceof ConflictError)) {
          log.warn(
            { err: error },
            'The lists for admission policies could not be written; the coordinator retries',
          );
        }
        return RETRY_MS;
      }
    },
    readAgain() {
      known = undefined;
    },
  };
}
