// The input of a plan and its possible results.

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
  /** The policy allows the folder of --config-dir on OpenShift; false when absent. */
  readonly openShiftConfigDir?: boolean;
  /** A Restore writes these bytes when the file is as the agent left it. */
  readonly original?: OriginalFile | undefined;
  /** The version by which the allowances of other parties are judged; NEWEST_KUBELET when absent. */
  readonly kubelet?: Version;
  /**
   * What to do when the kubelet would not start even without the change. Refuse: as the agent must; the default. Report:
   * plan and say so in the reason.
   */
  readonly brokenStart?: 'Refuse' | 'Report';
}

/** The file before the agent's first change. */
export interface OriginalFile {
  readonly file: string;
  /** undefined: there was no file. */
  readonly bytes: Uint8Array | undefined;
  /** SHA-256 of the file after the agent's last change; null: no file. */
  readonly left: string | null;
}

/** The agent cannot change this node: the kubelet reads its arguments from elsewhere. */
export interface Unreconcilable {
  readonly kind: 'unreconcilable';
  readonly reason: string;
}

/** A person must fix a file first. */
export interface Refused {
  readonly kind: 'refused';
  /** The file, or the unit's name when its own lines are wrong. */
  readonly file: string;
  /** From 1. */
  readonly line: number | undefined;
  /** Offset from the file's start, from 0. */
  readonly byte: number | undefined;
  readonly message: string;
}

export interface Planned {
  readonly kind: 'planned';
  readonly file: string;
  /** The variable in the file that holds the list; undefined: the file is the agent's own in the folder of --config-dir. */
  readonly variable: string | undefined;
  readonly before: Uint8Array | undefined;
  /** The same bytes when nothing changes; undefined only when the file neither exists nor is needed. */
  readonly after: Uint8Array | undefined;
  readonly changed: boolean;
  /** What the variable expands to. */
  readonly words: { readonly before: string[]; readonly after: string[] };
  /** What the next start of the kubelet would allow. */
  readonly configured: { readonly before: string[]; readonly after: string[] };
  /** What must be allowed; empty when the goal is Restore. */
  readonly desired: string[];
  /** Desired, and not covered by what was configured before. */
  readonly missing: string[];
  /** Configured after, and set by another party. */
  readonly unmanaged: Origin[];
  /** The next `lastApplied`, once the plan has succeeded. */
  readonly remember: LastApplied;
  readonly reason: string;
}

export type Plan = Unreconcilable | Refused | Planned;
