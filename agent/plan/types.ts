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
  /**
   * Every file that the agent has written; a Restore changes these alone. undefined: not known, and a Restore removes from
   * the target what was applied last.
   */
  readonly written?: readonly WrittenFile[] | undefined;
  /** The version by which the allowances of other parties are judged; NEWEST_KUBELET when absent. */
  readonly kubelet?: Version;
  /**
   * What to do when the kubelet would not start even without the change. Refuse: as the agent must; the default. Report:
   * plan and say so in the reason.
   */
  readonly brokenStart?: 'Refuse' | 'Report';
}

/** A file that the agent has written. */
export interface WrittenFile {
  readonly file: string;
  /** Whose words it wrote; undefined: the file is the agent's drop-in. */
  readonly variable: string | undefined;
  /** Before the agent's first change; undefined: there was no file. */
  readonly bytes: Uint8Array | undefined;
  /** SHA-256 of the file after the agent's last change; null: no file. */
  readonly left: string | null;
  /** The allowances that the last change put into it. */
  readonly applied: readonly string[];
  /** undefined: the assignment is another party's, or an older agent made it. */
  readonly carried: Carried | undefined;
  /** Its bytes now, of a file that the unit does not read. */
  readonly found: Uint8Array | undefined;
}

/** What the agent's own assignment hides and repeats. */
export interface Carried {
  /** For a person: `KUBELET_EXTRA_ARGS in Environment= of kubelet.service`; empty: no place has a value. */
  readonly origin: string;
  readonly value: string;
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
  /** To remember for the file: what its assignment repeats of another place. */
  readonly carried: Carried | undefined;
  /** Sentences on what another party's edit of such an assignment keeps from following its source. */
  readonly kept: readonly string[];
  /** True when nothing of the agent is left in the file after the change. */
  readonly isCleaned: boolean;
  readonly reason: string;
}

export type Plan = Unreconcilable | Refused | Planned;
