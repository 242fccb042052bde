// Runs one schedule: a time with actions and faults, a time in which everything settles, and mode Restore.

import { type Agent, createAgent } from '../../../agent/node/agent.ts';
import { INPUT_KEYS } from '../../../agent/names.ts';
import { AgentProcess, Calls } from './model/calls.ts';
import { Checks } from './checks.ts';
import { allows } from './model/cluster.ts';
import { expectRestored, expectSettled, expectReported, mayRestore } from './ending.ts';
import { type Violation, Violations } from './invariants.ts';
import { ENVIRONMENT_FILE } from './model/kubelet.ts';
import { withoutFlag } from './model/our-flag.ts';
import { PassOrder } from './pass-order.ts';
import { modelledPorts } from './ports.ts';
import type { Scenario, TimedAction } from './scenario.ts';
import { policyText, World } from './model/world.ts';

export interface Outcome {
  /** In the order in which they were found. */
  readonly violations: readonly Violation[];
  readonly story: readonly string[];
}

/** How long the kubelet runs before the first agent starts, in ms. */
const UP_MS = 1000;
/** Time after the last fault, in ms: longer than every pause except the backoff of a failed change. */
const SETTLES_MS = 600_000;
/** Time after the last fault in which the node must report, in ms: longer than every pause after a failed pass. */
const REPORTS_MS = 120_000;
/** The last part of SETTLES_MS, in which the agent may write almost nothing, in ms. */
const QUIET_MS = 300_000;
const RESTORES_MS = 200_000;

/** Runs the scenario; deterministic. */
export async function runSchedule(scenario: Scenario): Promise<Outcome> {
  const run = new Run(scenario);
  return run.toTheEnd();
}

class Run {
  readonly #scenario: Scenario;
  readonly #world: World;
  readonly #calls: Calls;
  readonly #violations: Violations;
  readonly #checks: Checks;
  readonly #releases: (() => void)[] = [];
  #process = new AgentProcess();
  #agent: Agent | undefined;
  #pods = 0;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    const world = new World(scenario.node);
    this.#world = world;
    this.#violations = new Violations(() => world.simulation.nowMs);
    this.#checks = new Checks(world, this.#violations);
    this.#calls = new Calls(world.simulation, {
      ...scenario,
      onKill: ({ downMs }) => this.#startsAgain(downMs),
      onFault: (text) => world.record(text),
    });
    world.cluster.onNode = () => this.#notifyAgent((agent) => agent.setNode(world.cluster.node()));
    world.cluster.onConfigMap = () =>
      this.#notifyAgent((agent) => agent.setConfigMap(world.cluster.configMap()));
  }

  async toTheEnd(): Promise<Outcome> {
    const { simulation } = this.#world;
    this.#world.kubelet.start('person');
    await simulation.advance(UP_MS);
    this.#startAgent();
    for (const action of this.#scenario.actions) {
      simulation.after(action.atMs, () => this.#act(action));
    }
    await simulation.advance(this.#troubledMs());
    this.#calls.stopFaults();
    this.#world.record('from here on there are no more faults');
    await simulation.advance(REPORTS_MS);
    expectReported(this.#world, this.#violations);
    await simulation.advance(SETTLES_MS - QUIET_MS - REPORTS_MS);
    const writes = this.#world.cluster.writes.length;
    await simulation.advance(QUIET_MS);
    expectSettled(this.#world, this.#violations, writes);
    if (mayRestore(this.#world)) {
      await this.#restore();
      expectRestored(this.#world, this.#violations);
    }
    this.#process.isAlive = false;
    for (const release of this.#releases) {
      release();
    }
    return { violations: this.#violations.found, story: this.#world.story };
  }

  #troubledMs(): number {
    const { actions, outages } = this.#scenario;
    const ends = [
      ...actions.map(({ atMs }) => atMs),
      ...outages.map(({ fromMs, lengthMs }) => fromMs + lengthMs),
    ];
    return Math.max(20_000, ...ends) + 30_000;
  }

  #startAgent(): void {
    const world = this.#world;
    const process = new AgentProcess();
    this.#process = process;
    const { ports, release } = modelledPorts({
      world,
      calls: this.#calls,
      process,
      violations: this.#violations,
      order: new PassOrder(this.#violations),
      onRestart: () => this.#checks.onRestart(),
      onPatch: (reason, state) => this.#checks.onPatch(reason, state),
      onHostChange: () => this.#agent?.hostChanged(),
    });
    this.#releases.push(release);
    world.record('an agent starts');
    const agent = createAgent(ports, {
      configMap: { namespace: 'agent', name: 'kubelet-sysctls' },
      jitterMs: 0,
      waitForApproval: false,
      onReported: () => {},
    });
    this.#agent = agent;
    this.#notifyAgent((started) => started.setNode(world.cluster.node()));
    this.#notifyAgent((started) => started.setConfigMap(world.cluster.configMap()));
  }

  /** Delivers an update some ms later, as the watches do. */
  #notifyAgent(notify: (agent: Agent) => void): void {
    const process = this.#process;
    const agent = this.#agent;
    this.#world.simulation.after(1 + Math.floor(this.#calls.random() * 20), () => {
      if (process.isAlive && agent !== undefined && process === this.#process) {
        notify(agent);
      }
    });
  }

  #startsAgain(downMs: number): void {
    this.#process.isAlive = false;
    this.#world.simulation.after(downMs, () => {
      if (!this.#process.isAlive) {
        this.#startAgent();
      }
    });
  }

  #act(action: TimedAction): void {
    const { cluster, kubelet, setup } = this.#world;
    const world = this.#world;
    world.record(storyOf(action));
    world.isPolicyValid =
      action.do === 'break policy' ? false : action.do === 'edit policy' || world.isPolicyValid;
    switch (action.do) {
      case 'edit policy':
        cluster.editPolicy(policyText({ ...setup.policy, list: action.list }));
        break;
      case 'break policy':
        cluster.editPolicy({ ...cluster.policy, allowedUnsafeSysctls: 'net.core.*x' });
        break;
      case 'ask for Restore':
        cluster.editPolicy({ ...policyText(setup.policy), mode: 'Restore' });
        break;
      case 'edit file':
        world.editFile(EDITS[action.edit]);
        break;
      case 'edit config':
        world.editConfig(action.list);
        break;
      case 'touch':
        world.disk.changed(ENVIRONMENT_FILE);
        break;
      case 'start pod':
        if (kubelet.isHealthy && allows(kubelet.process?.allowances ?? [], action.sysctl)) {
          this.#pods += 1;
          cluster.addPod(`pod-${this.#pods}`, action.sysctl);
        }
        break;
      case 'end pod': {
        const pod = cluster.pods.find(({ ended }) => ended === undefined);
        if (pod !== undefined) {
          pod.ended = 'deleted';
        }
        break;
      }
      case 'restart kubelet':
        kubelet.tryRestart('person').catch(() => {});
        break;
      case 'ask for a retry':
        cluster.annotate(INPUT_KEYS.retry, `at ${action.atMs}`);
        break;
      case 'replace agent':
        this.#startsAgain(action.downMs);
        break;
    }
  }

  async #restore(): Promise<void> {
    const { cluster, simulation, setup } = this.#world;
    this.#world.record('mode Restore');
    cluster.editPolicy({
      ...policyText({ ...setup.policy, inUse: 'Proceed', list: [] }),
      mode: 'Restore',
    });
    cluster.annotate(INPUT_KEYS.retry, 'restore');
    await simulation.advance(RESTORES_MS);
  }
}

const EDITS = {
  'add a line': (text: string): string => `${text}NO_PROXY=10.0.0.0/8\n`,
  'add a flag': (text: string): string => text.replace('--node-ip=10.0.0.11', '--node-ip=10.0.0.11 --v=4'),
  'remove our flag': withoutFlag,
} as const;

function storyOf({ atMs: _, ...action }: TimedAction): string {
  return Object.values(action).flat().join(' ');
}
