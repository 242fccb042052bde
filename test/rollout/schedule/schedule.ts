// A fleet, an API server and coordinators whose calls end in the order of a random scheduler, with edits, agents, restores of
// etcd and kills in between.

import type { Scheduler } from 'fast-check';
import type { FleetNode } from '../../../agent/rollout/fleet.ts';
import { FakeTime, settle } from '../fake-clock.ts';
import { done, OLD, waiting } from '../fleets.ts';
import { type Random, randomFrom } from '../simulator/random.ts';
import { ScheduledApi, wanted } from './scheduled-api.ts';
import { startProcess, type Process } from './scheduled-coordinator.ts';
import { natureFrom, simulatedNode } from '../simulator/simulated-node.ts';

const WILD_STEPS = 400;
/** Until then nodes are off, paused or blocked. */
const WILD_MS = 20 * 60_000;
const CALM_STEP_MS = 10_000;
const LONGEST_MS = 12 * 60 * 60_000;
/** The coordinator decides at least every ten minutes. */
const IDLE_MS = 11 * 60_000;

export interface Outcome {
  /** Violations of the invariants; empty when all held. */
  readonly faults: readonly string[];
  readonly writes: ScheduledApi['writes'];
  readonly restores: number;
  readonly kills: number;
}

/** One run, determined by the scheduler and the seed. */
export async function play(scheduler: Scheduler, seed: number): Promise<Outcome> {
  const schedule = new Schedule(scheduler, randomFrom(seed));
  await schedule.runWild();
  await schedule.comeToRest();
  return schedule.outcome();
}

class Schedule {
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #time = new FakeTime();
  readonly #clock = this.#time.clock();
  readonly #start = this.#clock.now();
  readonly #pace: Readonly<Record<string, string>>;
  readonly #api: ScheduledApi;
  #isWild = true;
  #leader: Process | undefined;
  /** Killed; requests that it has sent may still arrive. */
  #killed: Process | undefined;
  #restores = 0;
  #kills = 0;

  constructor(scheduler: Scheduler, random: Random) {
    this.#scheduler = scheduler;
    this.#random = random;
    const maxUnavailable = random.oneOf([1, 1, 2, 3]);
    this.#pace = {
      maxUnavailable: String(maxUnavailable),
      canary: random.oneOf(['0', '1']),
      soakSeconds: random.oneOf(['0', '30']),
    };
    this.#api = new ScheduledApi(maxUnavailable);
    this.#edit('net.a');
    const size = random.whole(1, 6);
    for (let index = 0; index < size; index += 1) this.#add(`n${index}`, false);
    this.#lead();
  }

  async runWild(): Promise<void> {
    for (let step = 0; step < WILD_STEPS; step += 1) {
      if (this.#random.chance(0.7) && this.#scheduler.count() > 0) {
        await this.#turn();
      } else if (this.#random.chance(0.5)) {
        await this.#pass(this.#random.oneOf([20, 60, 500, 3000, 10_000]));
      } else {
        this.#disturb();
      }
    }
    this.#isWild = false;
  }

  /** Makes a last edit; from then on every call succeeds. Checks the invariants of the final state. */
  async comeToRest(): Promise<void> {
    if (this.#leader === undefined) this.#lead();
    this.#edit('net.last');
    while (this.#time.ms < LONGEST_MS && !this.#isAtRest()) await this.#calm();
    if (!this.#isAtRest()) {
      const nodes = [...this.#api.stored.values()].map(({ shown }) => shown);
      this.#fault(`It does not come to rest: ${JSON.stringify([this.#leader?.last()?.decision, nodes])}`);
      return;
    }
    const before = { ...this.#api.writes };
    const until = this.#time.ms + IDLE_MS;
    while (this.#time.ms < until) await this.#calm();
    this.#checkRest(before);
  }

  outcome(): Outcome {
    this.#leader?.kill();
    const { faults, writes } = this.#api;
    return { faults, writes, restores: this.#restores, kills: this.#kills };
  }

  #isAtRest(): boolean {
    const isThere = [...this.#api.stored.values()].every(
      ({ shown }) =>
        shown.state === 'Done' && !shown.joining && shown.appliedRevision === wanted(this.#api.policy.data),
    );
    return this.#time.ms > WILD_MS && isThere && this.#leader?.last()?.decision.phase === 'Done';
  }

  #checkRest(before: ScheduledApi['writes']): void {
    const { stored, status, writes } = this.#api;
    const picture = byName(this.#leader?.last()?.nodes ?? []);
    const truth = byName([...stored.values()].map(({ shown }) => shown));
    if (picture !== truth) this.#fault(`The picture is ${picture}, and the API server has ${truth}`);
    if (status?.data['phase'] !== 'Done') this.#fault(`The status says ${status?.data['phase']}`);
    if (writes.nodes > before.nodes) this.#fault('Nodes are written at rest');
    if (writes.status > before.status + 2) this.#fault('The status is written at rest');
  }

  #disturb(): void {
    const luck = this.#random.whole(0, 999);
    if (luck < 20) this.#edit(this.#random.oneOf(['net.a', 'net.b', 'net.a,net.c']));
    else if (luck < 30) this.#edit('net.b', { paused: 'true' });
    else if (luck < 50) this.#leader?.cut();
    else if (luck < 70) this.#api.backUp();
    else if (luck < 78) this.#restores += this.#api.restore(this.#clock.now().getTime()) ? 1 : 0;
    else if (luck < 85) this.#add(`j${this.#time.ms}`, true);
    else if (luck < 90 && this.#api.stored.size > 2) this.#api.delete(this.#random.oneOf(['n1', 'n2', 'n3']));
    else if (luck < 110) this.#kill();
    else if (luck < 200 && this.#leader === undefined) this.#lead();
    else if (luck >= 900) this.#api.heartbeat();
  }

  #kill(): void {
    if (this.#leader === undefined) return;
    this.#kills += 1;
    this.#leader.kill();
    this.#killed = this.#leader;
    this.#leader = undefined;
  }

  /** A new leader begins when the previous Lease has expired, which is longer than any request takes. */
  #lead(): void {
    this.#killed?.forget();
    this.#leader = startProcess({
      api: this.#api,
      scheduler: this.#scheduler,
      random: this.#random,
      clock: this.#clock,
      isWild: () => this.#isWild,
    });
  }

  #edit(list: string, more: Readonly<Record<string, string>> = {}): void {
    this.#api.edit({ ...this.#pace, allowedUnsafeSysctls: list, ...more }, this.#clock.now().getTime());
  }

  #add(name: string, joining: boolean): void {
    const node = nodeFrom(this.#random, name, joining, this.#start);
    this.#api.add(name, simulatedNode(node, natureFrom(this.#random, WILD_MS, new Set())));
  }

  async #calm(): Promise<void> {
    await this.#pass(CALM_STEP_MS);
    while (this.#scheduler.count() > 0) await this.#turn();
  }

  async #turn(): Promise<void> {
    await this.#scheduler.waitOne();
    await settle();
  }

  /** Timers fire, then agents and kubelets act. */
  #pass(ms: number): Promise<void> {
    const approvalActive = (): void => {
      for (const [name, { node }] of this.#api.stored) {
        node.approvalActive(this.#clock.now(), this.#start, (at) => this.#api.asked(at));
        this.#api.touch(name);
      }
    };
    return this.#time.pass(ms, approvalActive, ms);
  }

  #fault(what: string): void {
    this.#api.faults.push(what);
  }
}

function byName(nodes: readonly FleetNode[]): string {
  return JSON.stringify(nodes.toSorted((one, other) => (one.name < other.name ? -1 : 1)));
}

function nodeFrom(random: Random, name: string, joining: boolean, start: Date): FleetNode {
  const hourAgo = new Date(start.getTime() - 3_600_000);
  const none = { state: undefined, appliedRevision: undefined, approvedRevision: undefined };
  const old = { appliedRevision: OLD, approvedRevision: OLD };
  const make = joining || random.chance(0.3) ? waiting : done;
  return make(name, {
    joining,
    readiness: { ready: true, since: hourAgo },
    ...(joining ? none : old),
    desiredRevision: joining ? undefined : OLD,
    lastChange: joining ? undefined : hourAgo,
    approvedAt: joining ? undefined : hourAgo,
  });
}
