// A coordinator's process on a random scheduler: its calls, lists and watches interleave, and may be refused or lost.

import type { Scheduler } from 'fast-check';
import { createCoordinator, type Coordinator } from '../../../agent/rollout/coordinator.ts';
import { decideRollout, decisionCaches } from '../../../agent/rollout/decide.ts';
import type { FleetNode, RolloutDecision } from '../../../agent/rollout/fleet.ts';
import { ConflictError, type FleetCluster } from '../../../agent/rollout/ports.ts';
import type { Clock } from '../../../agent/time/clock.ts';
import type { Random } from '../simulator/random.ts';
import { PLACE, type ScheduledApi } from './scheduled-api.ts';

const caches = decisionCaches();

export interface World {
  readonly api: ScheduledApi;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly clock: Clock;
  /** Calls fail and connections break. */
  readonly isWild: () => boolean;
}

export interface Process {
  /** The last decision and its Nodes. */
  last(): { readonly nodes: readonly FleetNode[]; readonly decision: RolloutDecision } | undefined;
  /** Ends at once, as with SIGKILL. Requests that it has sent may still arrive. */
  kill(): void;
  /** Another coordinator leads: requests that this one has sent do not arrive any more. */
  forget(): void;
  /** Breaks the watch of the Nodes, so that they are listed again. */
  cut(): void;
}

export function startProcess(world: World): Process {
  const { api, scheduler, random, clock, isWild } = world;
  let isAlive = true;
  let mayArrive = true;
  let isCut = false;
  let publishing = 0;
  let last: ReturnType<Process['last']>;

  /** One request: it and its answer arrive late or not at all. */
  async function request<T>(name: string, answer: () => T): Promise<T> {
    const { epoch } = api;
    await scheduler.schedule(Promise.resolve(), `${name} arrives`);
    const luck = isWild() ? random.fraction() : 1;
    const isRefused = luck < 0.1 || epoch !== api.epoch;
    const result = mayArrive && !isRefused ? attempt(answer) : undefined;
    await scheduler.schedule(Promise.resolve(), `${name} is answered`);
    if (!isAlive) return new Promise(() => undefined);
    if (result === undefined) throw new Error('refused');
    if (luck < 0.2 || epoch !== api.epoch) throw new Error('the answer is lost');
    if ('error' in result) throw result.error;
    return result.value;
  }

  /** A request of the publisher, which must send them one after the other. */
  async function single<T>(name: string, answer: () => T): Promise<T> {
    publishing += 1;
    if (publishing > 1) api.faults.push(`${name} overlaps another one`);
    try {
      return await request(name, answer);
    } finally {
      publishing -= 1;
    }
  }

  const cluster: FleetCluster = {
    approve(seen, revision) {
      api.writes.nodes += 1;
      return request(`approve ${seen.node.name}`, () =>
        current(api.write(seen, clock.now(), (node) => node.approve(revision, clock.now()))),
      );
    },
    untaint(seen) {
      api.writes.nodes += 1;
      return request(`untaint ${seen.node.name}`, () =>
        current(api.write(seen, clock.now(), (node) => node.untaint())),
      );
    },
    readStatus: () => single('read the status', () => api.status),
    writeStatus(seen, data) {
      api.writes.status += 1;
      return single('write the status', () => current(api.writeStatus(seen, data)));
    },
    readLists: () => single('read the lists', () => api.lists),
    writeLists: (seen, data) => single('write the lists', () => current(api.writeLists(seen, data))),
    policyEvent() {
      api.writes.events += 1;
      return single('post an Event', () => undefined);
    },
  };

  const coordinator: Coordinator = createCoordinator(
    {
      cluster,
      clock,
      log: { info: () => undefined, warn: () => undefined },
      isLeading: () => isAlive,
      decide(nodes, view, now) {
        if (publishing > 0) api.faults.push('decides while it publishes');
        const decision = decideRollout(nodes, view, now, caches);
        last = { nodes, decision };
        return decision;
      },
    },
    PLACE,
  );
  void followNodes();
  void followPolicy();

  return {
    last: () => last,
    kill() {
      isAlive = false;
      void coordinator.stop();
      api.notify();
    },
    forget() {
      mayArrive = false;
    },
    cut() {
      isCut = true;
      api.notify();
    },
  };

  /** Mirrors watchCollection. */
  async function followNodes(): Promise<void> {
    while (isAlive) {
      coordinator.onListing();
      const { epoch } = api;
      await turn('the list arrives');
      const listed = api.list();
      let at = api.changes.length;
      await turn('the list is answered');
      if (!isAlive || epoch !== api.epoch) continue;
      coordinator.onList(listed);
      isCut = false;
      while (isAlive && !isCut && epoch === api.epoch) {
        if (at === api.changes.length) {
          await api.changed();
          continue;
        }
        await turn('the watch sends');
        const change = api.changes[at];
        if (!isAlive || isCut || epoch !== api.epoch || change === undefined) break;
        at += 1;
        if (change.seen === undefined) coordinator.onDeleted(change.name);
        else coordinator.onChanged(change.seen);
      }
    }
  }

  async function followPolicy(): Promise<void> {
    let known: unknown;
    while (isAlive) {
      const { policy, epoch } = api;
      if (policy !== known) {
        await turn('the policy is sent');
        if (!isAlive) return;
        if (epoch === api.epoch) {
          known = policy;
          coordinator.setConfigMap(policy);
        }
      } else {
        await api.changed();
      }
    }
  }

  function turn(name: string): Promise<void> {
    return scheduler.schedule(Promise.resolve(), name);
  }
}

function attempt<T>(answer: () => T): { readonly value: T } | { readonly error: unknown } {
  try {
    return { value: answer() };
  } catch (error) {
    return { error };
  }
}

function current<T>(written: T | undefined): T {
  if (written === undefined) throw new ConflictError('It has changed meanwhile');
  return written;
}
