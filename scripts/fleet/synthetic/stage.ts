// What the parts of a synthetic run share.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin } from '../../bed/control-plane/admin.ts';
import type { Coordinator } from '../coordinator/coordinator-process.ts';
import type { FleetOptions } from '../options.ts';
import type { Facts } from './cluster/cluster.ts';
import type { ClusterProcess } from './cluster/process.ts';

export interface Stage {
  readonly nodes: number;
  readonly cluster: ClusterProcess;
  readonly admin: Admin;
  readonly coordinator: Coordinator;
  readonly options: FleetOptions;
  readonly note: (text: string) => void;
}

/** The server and the coordinator need the CPU. */
const POLL_MS = 500;

/** Resolves with the facts that satisfy the condition; rejects with the last ones after `limitMs`. */
export async function untilFacts(
  cluster: Pick<ClusterProcess, 'facts'>,
  limitMs: number,
  condition: (facts: Facts) => boolean,
): Promise<Facts> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const facts = await cluster.facts();
    if (condition(facts)) return facts;
    if (performance.now() > deadline) {
      const { listsAt: _lists, statusesAt: _statuses, ...shown } = facts;
      throw new Error(`Expected the rollout to continue within ${limitMs} ms, got ${JSON.stringify(shown)}.`);
    }
    await sleep(POLL_MS);
  }
}
