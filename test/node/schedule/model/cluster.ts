// A model of the API server for one node's agent: the Node's metadata, the ConfigMap, the pods, and the writes.

import type { NodeObject, PodsWatch, SeenPod } from '../../../../agent/node/ports.ts';
import type { SysctlPod } from '../../../../agent/plan/in-use.ts';
import { KEYS } from '../../../../agent/names.ts';
import type { KubeletProcess } from './kubelet.ts';
import type { Simulation } from './simulation.ts';
import type { ConfigMapObject } from '../../../../agent/policy/config-map.ts';
import type { EventDraft } from '../../../../agent/report/event-draft.ts';

/** A pod that uses one unsafe sysctl. */
export interface ModelledPod {
  readonly uid: string;
  readonly sysctl: string;
  readonly admittedMs: number;
  /** Why it ended; undefined while it runs. */
  ended: 'deleted' | 'refused' | undefined;
}

/** A write to the API. */
export interface ApiWrite {
  readonly atMs: number;
  /** The Node's state after the patch, or the Event's reason. */
  readonly what: string;
  readonly isPatch: boolean;
}

type Patch = Readonly<Record<string, string | null>>;

export class ModelledCluster {
  readonly #simulation: Simulation;
  readonly writes: ApiWrite[] = [];
  readonly pods: ModelledPod[] = [];
  #annotations: Readonly<Record<string, string>> = {};
  #labels: Readonly<Record<string, string>> = { 'kubernetes.io/hostname': 'n1' };
  #data: Readonly<Record<string, string>>;
  #version = 1;
  /** Called when the Node's metadata has changed. */
  onNode: () => void = () => {};
  onConfigMap: () => void = () => {};

  constructor(simulation: Simulation, data: Readonly<Record<string, string>>) {
    this.#simulation = simulation;
    this.#data = data;
  }

  get annotations(): Readonly<Record<string, string>> {
    return this.#annotations;
  }

  get labels(): Readonly<Record<string, string>> {
    return this.#labels;
  }

  get policy(): Readonly<Record<string, string>> {
    return this.#data;
  }

  node(): NodeObject {
    return { name: 'n1', uid: 'uid-n1', labels: this.#labels, annotations: this.#annotations };
  }

  configMap(): ConfigMapObject {
    return {
      namespace: 'agent',
      name: 'kubelet-sysctls',
      uid: 'uid-cm',
      resourceVersion: String(this.#version),
      data: this.#data,
    };
  }

  editPolicy(data: Readonly<Record<string, string>>): void {
    this.#data = data;
    this.#version += 1;
    this.onConfigMap();
  }

  annotate(key: string, value: string | null): void {
    this.#annotations = merged(this.#annotations, { [key]: value });
    this.onNode();
  }

  patchNode(patch: { readonly annotations: Patch; readonly labels: Patch }): void {
    this.#annotations = merged(this.#annotations, patch.annotations);
    this.#labels = merged(this.#labels, patch.labels);
    this.#write(this.#annotations[KEYS.state] ?? '', true);
    this.onNode();
  }

  event({ reason }: EventDraft): void {
    this.#write(reason, false);
  }

  addPod(uid: string, sysctl: string): void {
    this.pods.push({ uid, sysctl, admittedMs: this.#simulation.nowMs, ended: undefined });
  }

  /** The kubelet admits the pods of its node again; returns those that it refuses now. */
  admitAll(kubelet: KubeletProcess): readonly ModelledPod[] {
    const refused = this.pods.filter(
      ({ ended, sysctl }) => ended === undefined && !allows(kubelet.allowances, sysctl),
    );
    for (const pod of refused) {
      pod.ended = 'refused';
    }
    return refused;
  }

  sysctlPods(): readonly SysctlPod[] {
    return this.pods
      .filter(({ ended }) => ended === undefined)
      .map(({ uid, sysctl }) => ({
        uid,
        namespace: 'default',
        name: uid,
        phase: 'Running',
        taken: true,
        sysctls: [sysctl],
        hostNetwork: false,
        hostIpc: false,
      }));
  }

  /** `sleep` is the watcher's. */
  watchPods(sleep: (ms: number) => Promise<void>): PodsWatch {
    const since = new Set(this.pods.filter(({ ended }) => ended !== undefined));
    const seen = (): readonly SeenPod[] =>
      this.pods.filter((pod) => !since.has(pod) && pod.ended !== 'deleted').map(seenPod);
    return {
      async found(counts, waitMs) {
        if (!seen().some(counts)) {
          await sleep(waitMs);
        }
        return seen().filter(counts);
      },
      stop: () => {},
    };
  }

  #write(what: string, isPatch: boolean): void {
    this.writes.push({ atMs: this.#simulation.nowMs, what, isPatch });
  }
}

/** By whole names and by patterns that end in `*`. */
export function allows(allowances: readonly string[], sysctl: string): boolean {
  return allowances.some((item) =>
    item.endsWith('*') ? sysctl.startsWith(item.slice(0, -1)) : item === sysctl,
  );
}

function seenPod({ uid, ended }: ModelledPod): SeenPod {
  return {
    uid,
    namespace: 'default',
    name: uid,
    isEnding: false,
    phase: ended === undefined ? 'Running' : 'Failed',
    reason: ended === undefined ? '' : 'SysctlForbidden',
    hasContainers: ended === undefined,
    hadContainers: true,
  };
}

function merged(into: Readonly<Record<string, string>>, patch: Patch): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries({ ...into, ...patch }).filter((entry): entry is [string, string] => entry[1] !== null),
  );
}
