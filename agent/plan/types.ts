// What a plan is made from, and what it can be.

import type { ConfigSources } from '../kubelet/config.ts';
import type { Origin } from '../kubelet/configured.ts';
import type { KubeletUnit } from '../kubelet/unit.ts';
import type { Version } from '../sysctl/version.ts';
import type { LastApplied } from './merge.ts';

export interface PlanInput {
  readonly unit: KubeletUnit;
  readonly config: ConfigSources;
  readonly desired: readonly string[];
  readonly lastApplied: LastApplied;
  readonly unmanaged: 'Keep' | 'Remove';
  readonly goal: 'Apply' | 'Restore';
  /** The file before it was first changed, and its SHA-256 as it was left: a Restore brings it back while that fits. */
  readonly original?: OriginalFile | undefined;
  /** Judges other people's allowances; the newest known kubelet when it is left out. */
  readonly kubelet?: Version;
  /**
   * What to do where the kubelet would not start even with the arguments as they are: refuse, which is what the agent
   * must do, or plan all the same and say so in the reason.
   */
  readonly brokenStart?: 'Refuse' | 'Report';
}

export interface OriginalFile {
  readonly file: string;
  /** undefined: there was no file. */
  readonly bytes: Uint8Array | undefined;
  readonly left: string | null;
}

/** Nothing of the node can be changed: the kubelet takes its arguments from somewhere else. */
export interface Unreconcilable {
  readonly kind: 'unreconcilable';
  readonly reason: string;
}

/** A person must fix a file first. */
export interface Refused {
  readonly kind: 'refused';
  /** The file, or the unit's name where its own lines are at fault. */
  readonly file: string;
  /** From 1. */
  readonly line: number | undefined;
  /** Offset from the file's start. */
  readonly byte: number | undefined;
  readonly message: string;
}

export interface Planned {
  readonly kind: 'planned';
  readonly file: string;
  readonly before: Uint8Array | undefined;
  /** The same bytes when nothing changes; undefined only when the file neither exists nor is needed. */
  readonly after: Uint8Array | undefined;
  readonly changed: boolean;
  /** What `$KUBELET_EXTRA_ARGS` expands to. */
  readonly words: { readonly before: string[]; readonly after: string[] };
  /** What the next start of the kubelet would allow. */
  readonly configured: { readonly before: string[]; readonly after: string[] };
  /** What must be allowed; nothing when the goal is Restore. */
  readonly desired: string[];
  /** Desired, not covered by what is configured before. */
  readonly missing: string[];
  /** Configured after, and set by another party. */
  readonly unmanaged: Origin[];
  /** To be remembered once the plan has succeeded. */
  readonly remember: LastApplied;
  readonly reason: string;
}

export type Plan = Unreconcilable | Refused | Planned;
