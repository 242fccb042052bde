// What the plugin sends to its page: one JSON object a message.

import type { Phase, RolloutStatus } from '../../../rollout/fleet.ts';

/** One node, as its tile shows it. */
export interface NodeTile {
  readonly name: string;
  readonly standing: RolloutStatus;
  /** As its agent reports it; empty: no report. */
  readonly state: string;
  /** Empty: the Node has no such label. */
  readonly zone: string;
  /** The names of the policy's profiles that count on it, comma-separated; empty: none. */
  readonly profile: string;
  readonly paused: boolean;
  readonly canary: boolean;
}

export type Counts = Readonly<Record<RolloutStatus, number>>;

/** Nodes with the same standing and the same problem. */
export interface AttentionGroup {
  readonly standing: RolloutStatus;
  /** The problem and the next step. */
  readonly text: string;
  readonly total: number;
  /** The first of them. */
  readonly names: readonly string[];
}

/** All that concerns the fleet as a whole. */
export interface Head {
  readonly server: string;
  readonly context: string;
  readonly namespace: string;
  readonly phase: Phase;
  readonly reason: string;
  readonly nodes: number;
  readonly counts: Counts;
  /** `, about 4 min left`; empty: unknown. */
  readonly left: string;
  readonly policy: readonly string[];
  readonly isPaused: boolean;
  /** The nodes that take a place of maxUnavailable, and what ends it; empty: none. */
  readonly places: string;
  readonly coordinator: string;
  readonly isCoordinatorMissing: boolean;
  /** With mode: Restore, what is left on the hosts; otherwise empty. */
  readonly restore: string;
  readonly attention: readonly AttentionGroup[];
  /** How many nodes need attention beside those. */
  readonly attentionMore: number;
  /** Why what is shown may be stale; empty: the API server answers. */
  readonly trouble: string;
}

/** Something that happened in the rollout. A later one with the same id replaces it. */
export interface Moment {
  readonly id: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly kind: RolloutStatus | 'phase' | 'edit' | 'trouble';
  readonly title: string;
  readonly text: string;
}

/** How many nodes had each standing at a time. */
export interface Sample {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly counts: Counts;
}

export interface Message {
  /** Everything before it is void: the message holds all nodes, moments and samples. */
  readonly isSnapshot: boolean;
  readonly head: Head;
  /** Those that changed since the message before. */
  readonly nodes: readonly NodeTile[];
  readonly gone: readonly string[];
  readonly moments: readonly Moment[];
  readonly samples: readonly Sample[];
}

/** What the page shows of the selected node beside its tile. */
export interface NodeDetails {
  readonly name: string;
  /** Title and text of each row. */
  readonly facts: readonly (readonly [string, string])[];
  /** Oldest first. */
  readonly history: readonly {
    readonly at: string;
    readonly result: string;
    readonly change: string;
    readonly why: string;
  }[];
}

export type Verb = 'pause' | 'resume' | 'retry';

export interface ActRequest {
  readonly verb: Verb;
  /** Absent: the whole rollout. */
  readonly node?: string;
}

/** The plan of an edit, or why its text is not a valid policy. */
export interface PlanAnswer {
  readonly valid: boolean;
  /** As `kubectl sysctls plan --diff` prints it. */
  readonly text: string;
}

/** What a request answers that failed, and an action that is done: a sentence for people. */
export interface Said {
  readonly text: string;
}
