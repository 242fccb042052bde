// Checks during a schedule: each restart by the agent, each pod that a restart ends, each label that a start withdraws, each report.

import { allowedByLabels } from '../../../agent/policy/labelled.ts';
import { type Journal, parseJournal } from '../../../agent/node/state/journal.ts';
import { JOURNAL_FILE, TAKEN_FILE } from '../../../agent/node/state/state-store.ts';
import { allows, type ModelledPod } from './model/cluster.ts';
import type { Violations } from './invariants.ts';
import { ENVIRONMENT_FILE, type KubeletProcess } from './model/kubelet.ts';
import { REFUSED_SYSCTL } from './scenario.ts';
import { hashOf } from './model/undo-timer.ts';
import type { World } from './model/world.ts';

/** The agent may not have observed a pod or an edit that is younger than this, in ms. */
const UNKNOWN_MS = 70_000;
const CRASH_LOOP_MS = 30_000;
/** An edit that is older than this when a change begins was observed, in ms. */
const OBSERVED_MS = 15_000;

export class Checks {
  readonly #world: World;
  readonly #violations: Violations;
  /** The hash of the file before the last change. */
  #lastBefore: string | null = null;
  /** The cause of the agent's last restart. */
  #restartFor: 'change' | 'rollback' = 'change';
  #restartedMs = 0;
  /** When the last change was begun. */
  #begunMs = 0;
  /** Names of labels that were wrong then, since the API server took no patch: no change withdraws what the kubelet did not allow. */
  #wrongLabels: readonly string[] = [];
  /** The list of the last kubelet that was started. */
  #allowances: readonly string[] = [];

  constructor(world: World, violations: Violations) {
    this.#world = world;
    this.#violations = violations;
    world.disk.onChange((path) => this.#onDiskChange(path));
    world.onHealthy = (kubelet) => this.#onHealthy(kubelet);
    world.onStart = (kubelet, previous) => this.#onStart(kubelet, previous);
  }

  /** Restarting is safe only while the change can be undone without the agent. */
  onRestart(): void {
    const { disk, undo, simulation } = this.#world;
    this.#restartedMs = simulation.nowMs;
    // The next run of the undo script continues with a journal that an interrupted one had claimed.
    const text = disk.text(JOURNAL_FILE) ?? disk.text(TAKEN_FILE);
    const isBack = hashOf(disk.bytes(ENVIRONMENT_FILE)) === this.#lastBefore;
    this.#restartFor =
      text !== undefined && isBack && changesFile(parseJournal(text)) ? 'rollback' : 'change';
    const missing = [
      ...(text === undefined ? ['journal'] : []),
      ...this.#world
        .missingProtection()
        .filter((what) => this.#restartFor === 'change' || what !== 'boot unit'),
    ];
    this.#world.record(
      `the agent restarts the kubelet for a ${this.#restartFor}${missing.length > 0 ? ` WITHOUT ${missing.join(', ')}` : ''}`,
    );
    if (missing.length > 0 && !undo.isUndoing) {
      this.#violations.add(
        'restart-protected',
        `restarted for a ${this.#restartFor} without ${missing.join(', ')}`,
      );
    }
  }

  /** A report that the agent sends. */
  onPatch(reason: string, state: string): void {
    const { kubelet, simulation, disk } = this.#world;
    this.#world.record(`reports ${state}: ${reason.slice(0, 200)}`);
    const isBack = hashOf(disk.bytes(ENVIRONMENT_FILE)) === this.#lastBefore;
    const ours = disk.text(ENVIRONMENT_FILE)?.includes(REFUSED_SYSCTL) === true;
    if (/no longer holds the change|was rolled back/u.test(reason) && !isBack && ours) {
      this.#violations.add('message-is-true', `reported, while the refused list is in the file: ${reason}`);
    }
    // A kubelet that was verified in between is another one.
    const sinceMs = Math.max(simulation.nowMs - CRASH_LOOP_MS, this.#restartedMs);
    const crashes = kubelet.crashesMs.filter((atMs) => atMs > sinceMs);
    if (state === 'Done' && crashes.length > 1 && kubelet.process?.isDoomed === true) {
      this.#violations.add(
        'done-is-true',
        `Done was reported of a kubelet that ended ${crashes.length} times in 30 s`,
      );
    }
  }

  /** An edit by others right before a change may withdraw what the agent has observed as allowed. */
  #onStart({ startedBy, allowances }: KubeletProcess, previous: readonly string[]): void {
    const { cluster, lastEditMs } = this.#world;
    this.#allowances = allowances;
    const isKnown = this.#begunMs > lastEditMs + OBSERVED_MS;
    const withdrawn = allowedByLabels(cluster.labels).filter(
      (name) => allows(previous, name) && !allows(allowances, name) && !this.#wrongLabels.includes(name),
    );
    if (isKnown && withdrawn.length > 0 && (startedBy === 'agent' || startedBy === 'undo script')) {
      this.#violations.add(
        'labels-withdrawn',
        `the ${startedBy} started a kubelet without ${withdrawn.join(', ')}, whose labels stand`,
      );
    }
  }

  #onHealthy(kubelet: KubeletProcess): void {
    const refused = this.#world.cluster.admitAll(kubelet);
    if (kubelet.startedBy === 'agent' && this.#restartFor === 'change') {
      this.#expectPodsKept(refused, kubelet.startedMs);
    }
  }

  #expectPodsKept(refused: readonly ModelledPod[], startedMs: number): void {
    const { cluster, lastEditMs } = this.#world;
    const known = refused.filter(({ admittedMs }) => admittedMs < startedMs - UNKNOWN_MS);
    const [lost] = known;
    if (lost !== undefined && cluster.policy['inUse'] === 'Block' && lastEditMs < startedMs - UNKNOWN_MS) {
      this.#violations.add('pods-kept', `the restart by the agent ended ${lost.uid}, and inUse is Block`);
    }
  }

  #onDiskChange(path: string): void {
    const text = path === JOURNAL_FILE ? this.#world.disk.text(path) : undefined;
    if (text !== undefined && text !== '') {
      this.#lastBefore = hashOf(parseJournal(text).before);
      this.#begunMs = this.#world.simulation.nowMs;
      this.#wrongLabels = allowedByLabels(this.#world.cluster.labels).filter(
        (name) => !allows(this.#allowances, name),
      );
    }
    if (path === JOURNAL_FILE) {
      this.#world.record(text === undefined ? 'no journal any more' : 'a journal is written');
    }
    if (path === ENVIRONMENT_FILE) {
      this.#world.record(`${path}: ${JSON.stringify(this.#world.disk.text(path) ?? 'gone')}`);
    }
  }
}

function changesFile({ before, after }: Journal): boolean {
  return hashOf(before) !== after;
}
