// A model of one node and its cluster: the disk, the processes, and what others wrote.

import { BOOT_UNIT, BOOT_UNIT_FILE, UNITS_FOLDER } from '../../../../agent/host/rollback/rollback-script.ts';
import { allows, ModelledCluster } from './cluster.ts';
import { SYSTEMD_RUNS } from '../../../../scripts/fakes/fake-host.ts';
import { Disk } from './disk.ts';
import {
  CONFIG_FILE,
  ENVIRONMENT_FILE,
  FRAGMENT_FILE,
  KubeletUnit,
  type KubeletProcess,
  UNIT,
} from './kubelet.ts';
import { type NodeSetup, type PolicyData, REFUSED_SYSCTL } from '../scenario.ts';
import { Simulation } from './simulation.ts';
import { UndoTimer } from './undo-timer.ts';
import { STATE_DIR } from '../../../../agent/names.ts';

export const BOOT_LINK = `${UNITS_FOLDER}/${UNIT}.wants/${BOOT_UNIT}`;

/** In lines: a crash loop would add lines without end. */
const LONGEST_STORY = 80;

/** The files that may be in the agent's folder when it is idle. */
const OWN_FILES_AT_REST = ['state.json', 'undo', 'backup'].map((name) => `${STATE_DIR}/${name}`);

export class World {
  readonly simulation = new Simulation();
  readonly disk = new Disk(() => this.simulation.date);
  readonly setup: NodeSetup;
  readonly kubelet: KubeletUnit;
  readonly undo: UndoTimer;
  readonly cluster: ModelledCluster;
  /** The environment file as it would be without the agent. */
  others: string | undefined;
  /** Someone other than the agent has written the environment file. */
  isEditedByOthers = false;
  /** The present ConfigMap is a valid policy. */
  isPolicyValid = true;
  /** When a person last edited something that decides how the kubelet starts. */
  lastEditMs = 0;
  /** What happened, for the reader of a failure. */
  readonly story: string[] = [];
  onStart: (kubelet: KubeletProcess, previous: readonly string[]) => void = () => {};
  onHealthy: (kubelet: KubeletProcess) => void = () => {};
  #starts = 0;

  constructor(setup: NodeSetup) {
    this.setup = setup;
    const { simulation, disk } = this;
    this.others = setup.file;
    for (const folder of [
      '/etc/default',
      UNITS_FOLDER,
      '/var/lib/kubelet',
      '/run/systemd/units',
      '/usr/bin',
    ]) {
      disk.makeFolders(folder);
    }
    disk.makeFolders(SYSTEMD_RUNS);
    disk.put(FRAGMENT_FILE, '[Service]\n');
    disk.put(CONFIG_FILE, configText(setup.config));
    if (setup.file !== undefined) {
      disk.put(ENVIRONMENT_FILE, setup.file);
    }
    disk.readOnlyBelow = setup.units === 'read-only' ? UNITS_FOLDER : undefined;
    disk.fullBelow = setup.units === 'full' ? UNITS_FOLDER : undefined;
    this.kubelet = new KubeletUnit(simulation, disk, {
      healthyAfterMs: setup.healthyAfterMs,
      restartMs: setup.restartMs,
      endsAfterMs: (allowances) => (allows(allowances, REFUSED_SYSCTL) ? setup.refusedAfterMs : undefined),
      startPre: () => this.#startPre(),
      onStart: (kubelet, previous) => this.onStart(kubelet, previous),
      onHealthy: (kubelet) => this.onHealthy(kubelet),
    });
    this.undo = new UndoTimer(simulation, disk, this.kubelet);
    this.cluster = new ModelledCluster(simulation, policyText(setup.policy));
  }

  record(text: string): void {
    if (this.story.length === LONGEST_STORY) {
      this.story.push('… and so on');
    }
    if (this.story.length > LONGEST_STORY) {
      return;
    }
    this.story.push(`${String(Math.round(this.simulation.nowMs)).padStart(8)} ms  ${text}`);
  }

  /** Someone edits the file as it is. */
  editFile(edit: (text: string) => string): void {
    const text = this.disk.text(ENVIRONMENT_FILE) ?? '';
    const edited = edit(text);
    this.lastEditMs = this.simulation.nowMs;
    if (edited === text) {
      return;
    }
    this.disk.put(ENVIRONMENT_FILE, edited);
    this.others = edit(this.others ?? '');
    this.isEditedByOthers = true;
  }

  editConfig(list: readonly string[]): void {
    this.lastEditMs = this.simulation.nowMs;
    this.disk.put(CONFIG_FILE, configText(list));
  }

  /** Returns what the host still has of a change; empty when nothing. */
  leftBehind(): readonly string[] {
    const files = this.disk
      .paths()
      .filter(
        (path) =>
          (path.startsWith(`${STATE_DIR}/`) && !OWN_FILES_AT_REST.includes(path)) ||
          path.startsWith(`${UNITS_FOLDER}/`) ||
          (path.startsWith('/etc/default/') && path !== ENVIRONMENT_FILE),
      );
    return [
      ...files,
      ...(this.undo.isArmed ? ['the rollback timer'] : []),
      ...(this.undo.isUndoing ? ["the rollback timer's service"] : []),
    ];
  }

  /** Returns the missing parts of a change's protection. */
  missingProtection(): readonly string[] {
    return [
      ...(this.undo.isArmed ? [] : ['rollback timer']),
      ...(this.disk.node(BOOT_UNIT_FILE) !== undefined && this.disk.node(BOOT_LINK) !== undefined
        ? []
        : ['boot unit']),
    ];
  }

  #startPre(): void {
    this.#starts += 1;
    if (this.setup.editsAtStart && this.#starts > 1) {
      const starts = this.#starts;
      this.record('ExecStartPre edits the environment file');
      this.editFile((text) => `${text.replaceAll(/^STARTS=\d+\n/gmu, '')}STARTS=${starts}\n`);
    }
  }
}

export function configText(list: readonly string[]): string {
  const items = list.length === 0 ? '' : `allowedUnsafeSysctls: [${list.join(', ')}]\n`;
  return `kind: KubeletConfiguration\n${items}`;
}

export function policyText({ list, nodeSoakSeconds, inUse }: PolicyData): Record<string, string> {
  return {
    allowedUnsafeSysctls: list.join(','),
    nodeSoakSeconds: String(nodeSoakSeconds),
    inUse,
    rollout: 'Immediate',
  };
}
