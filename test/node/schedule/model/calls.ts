// The result of each call of an agent's ports: it takes time, is late, is refused, or its answer is lost; the agent may be
// killed at any call.

import { chance, type Simulation } from './simulation.ts';

/** The faults of a call. */
export const FAULTS = ['late', 'refused', 'answer lost', 'effect late'] as const;

/** The fault of the nth call (from 0) of a kind. */
export interface CallFault {
  readonly kind: string;
  readonly nth: number;
  /**
   * late: effect and answer come within twice `ms`. refused: no effect, an error. answer lost: the effect, and
   * an error after `ms`. effect late: an error at once, the effect after `ms`, and only then that of a later call of this kind, as
   * systemd runs jobs in order.
   */
  readonly fault: (typeof FAULTS)[number];
  readonly ms: number;
}

/** All calls of these kinds are refused for a time. */
export interface Outage {
  readonly kinds: readonly string[];
  readonly fromMs: number;
  readonly lengthMs: number;
}

/** The agent ends at the nth call (from 0) of a kind, and starts again. */
export interface Kill {
  readonly kind: string;
  readonly nth: number;
  /** The call still takes effect. */
  readonly isEffective: boolean;
  readonly downMs: number;
}

export const ANY_KIND = 'any';

/** One process of the agent. */
export class AgentProcess {
  isAlive = true;
}

export interface Call<T> {
  /** The kind by which faults and kills select the call. */
  readonly kind: string;
  /** The longest duration without a fault, in ms; 0: only turns of the event loop. */
  readonly usualMs: number;
  readonly effect: () => T | Promise<T>;
  /** The effect never comes after the error; that of a command on the host may. */
  readonly isAtomic?: boolean;
  /** The error of a refused call. */
  readonly error: () => Error;
}

/** A synchronous call. */
export interface NowCall<T> extends Pick<Call<T>, 'kind' | 'error'> {
  readonly effect: () => T;
}

export interface CallsOptions {
  readonly seed: number;
  readonly faults: readonly CallFault[];
  readonly outages: readonly Outage[];
  readonly kills: readonly Kill[];
  readonly onKill: (kill: Kill) => void;
  readonly onFault: (text: string) => void;
}

export class Calls {
  readonly #simulation: Simulation;
  readonly #options: CallsOptions;
  readonly #chance: () => number;
  readonly #made = new Map<string, number>();
  /** By kind: resolves when no late effect is pending. */
  readonly #lateEffects = new Map<string, Promise<void>>();
  #isFaultless = false;

  constructor(simulation: Simulation, options: CallsOptions) {
    this.#simulation = simulation;
    this.#options = options;
    this.#chance = chance(options.seed);
  }

  random(): number {
    return this.#chance();
  }

  /** No call fails from now on. */
  stopFaults(): void {
    this.#isFaultless = true;
  }

  /** Makes the call; never settles for a process that has died by then. */
  make<T>(process: AgentProcess, call: Call<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    if (process.isAlive) {
      this.#run(process, call).then(
        (value) => process.isAlive && resolve(value),
        (error: unknown) => {
          if (process.isAlive) {
            reject(error instanceof Error ? error : new Error(String(error)));
          }
        },
      );
    }
    return promise;
  }

  /** Makes a synchronous call, which is never late. A process that has died by then, or dies of it, gets an error. */
  makeNow<T>(process: AgentProcess, { kind, effect, error }: NowCall<T>): T {
    if (!process.isAlive) {
      throw error();
    }
    const { kill, fault } = this.#next(process, kind);
    if (kill?.isEffective === false || fault?.fault === 'refused' || this.#isOut(kind)) {
      throw error();
    }
    const value = effect();
    if (kill !== undefined || fault?.fault === 'answer lost') {
      throw error();
    }
    return value;
  }

  /** Counts a call of the process, and ends the process where it is to be killed at this one. */
  #next(
    process: AgentProcess,
    kind: string,
  ): { readonly kill: Kill | undefined; readonly fault: CallFault | undefined } {
    const nth = this.#count(kind);
    const nthOfAll = this.#count(ANY_KIND);
    if (this.#isFaultless) {
      return { kill: undefined, fault: undefined };
    }
    const { faults, kills } = this.#options;
    const kill = kills.find(
      (one) => one.nth === (one.kind === ANY_KIND ? nthOfAll : one.kind === kind ? nth : -1),
    );
    const fault = faults.find((one) => one.kind === kind && one.nth === nth);
    if (kill !== undefined) {
      this.#options.onFault(
        `the agent is killed at ${kind} ${nth}${kill.isEffective ? ', which takes effect' : ''}`,
      );
      process.isAlive = false;
      this.#options.onKill(kill);
    } else if (fault !== undefined) {
      this.#options.onFault(`${kind} ${nth}: ${fault.fault} (${fault.ms} ms)`);
    }
    return { kill, fault };
  }

  async #run<T>(process: AgentProcess, call: Call<T>): Promise<T> {
    const { kind, usualMs, effect, error } = call;
    const { kill, fault } = this.#next(process, kind);
    if (kill?.isEffective === false) {
      return await new Promise<T>(() => {});
    }
    await this.#usual(usualMs);
    if (fault !== undefined) {
      return this.#withFault(process, fault, call);
    }
    if (this.#isOut(kind)) {
      throw error();
    }
    await this.#lateEffects.get(kind);
    return this.#settled(usualMs, effect);
  }

  async #withFault<T>(
    process: AgentProcess,
    { fault, ms }: CallFault,
    { kind, isAtomic = false, effect, error }: Call<T>,
  ): Promise<T> {
    switch (fault === 'effect late' && isAtomic ? 'late' : fault) {
      case 'late':
        await this.#simulation.pass(this.#chance() * ms);
        if (isAtomic && !process.isAlive) {
          // A system call of a process ends before the process does.
          return await new Promise<T>(() => {});
        }
        return this.#settled(ms, effect);
      case 'refused':
        throw error();
      case 'answer lost':
        await effect();
        await this.#simulation.pass(ms);
        throw error();
      case 'effect late':
        this.#lateEffects.set(kind, this.#lateEffect(ms, effect));
        throw error();
    }
  }

  async #lateEffect(ms: number, effect: () => unknown): Promise<void> {
    await this.#simulation.pass(ms);
    try {
      await effect();
    } catch {
      // The caller has already got an error.
    }
  }

  async #settled<T>(usualMs: number, effect: () => T | Promise<T>): Promise<T> {
    try {
      return await effect();
    } finally {
      await this.#usual(usualMs);
    }
  }

  /** Even a call with no duration takes some turns of the event loop. */
  async #usual(usualMs: number): Promise<void> {
    if (usualMs > 0) {
      await this.#simulation.pass(Math.ceil(this.#chance() * usualMs) / 2);
      return;
    }
    for (let turns = Math.floor(this.#chance() * 4); turns > 0; turns -= 1) {
      await Promise.resolve();
    }
  }

  #isOut(kind: string): boolean {
    const { nowMs } = this.#simulation;
    return (
      !this.#isFaultless &&
      this.#options.outages.some(
        ({ kinds, fromMs, lengthMs }) => fromMs <= nowMs && nowMs < fromMs + lengthMs && kinds.includes(kind),
      )
    );
  }

  #count(kind: string): number {
    const nth = this.#made.get(kind) ?? 0;
    this.#made.set(kind, nth + 1);
    return nth;
  }
}
