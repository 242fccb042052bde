// The answer of `plan` as data: the JSON that it prints, or the error instead.

import type { ConfigSources } from '../../kubelet/config.ts';
import type { KubeletUnit } from '../../kubelet/unit.ts';
import { planChange } from '../../plan/plan.ts';
import type { Planned, Refused, Unreconcilable } from '../../plan/types.ts';
import { desiredFor, type Desired, type NodeFacts } from '../../policy/desired.ts';
import type { Policy, PolicyError } from '../../policy/policy.ts';
import type { ValidatedFile } from '../validate/validation.ts';

/** A node's unit and files, as given to `plan`. */
export interface ShownNode {
  readonly unit: KubeletUnit;
  readonly config: ConfigSources;
  /** true: the unit is assumed to be kubeadm's. false: it is the node's own, and the answer names the file that changes. */
  readonly isAssumed: boolean;
  /** The files that define the unit, and with it where the kubelet gets its arguments; none when it is assumed. */
  readonly unitFiles: readonly string[];
  /** Sentences that name missing files, which were read as empty. */
  readonly notes: readonly string[];
}

export interface PlanAnswer {
  readonly plan: Planned;
  /** Sentences about missing files, and about entries of the policy that are left out on this node. */
  readonly notes: readonly string[];
  readonly json: PlanJson;
}

export interface PlanJson {
  /** The file that would change; only when the unit is the node's own. */
  readonly file?: string;
  readonly changed: boolean;
  readonly words: { readonly before: readonly string[]; readonly after: readonly string[] };
  /** The whole file after the change; empty when no file is needed. */
  readonly contentBase64: string;
  readonly configured: { readonly before: readonly string[]; readonly after: readonly string[] };
  readonly desired: readonly string[];
  readonly unmanaged: readonly string[];
  readonly reason: string;
}

export interface PlanErrorData {
  /** Why the node's agent would change nothing; only when the unit is the node's own. */
  readonly kind?: 'unreconcilable' | 'refused';
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
  /** Offset from the file's start. */
  readonly byte?: number;
  readonly errors?: readonly PolicyError[];
}

/** There is no plan. `data` says what the user has to fix. */
export class PlanError extends Error {
  override readonly name = 'PlanError';
  readonly data: PlanErrorData;

  constructor(data: PlanErrorData) {
    super(data.message);
    this.data = data;
  }
}

/** Returns the policy of a validated file. Throws a PlanError when the file is not valid. */
export function policyIn({ policy, validation, fileError }: ValidatedFile): Policy {
  if (policy !== undefined) return policy;
  if (fileError === undefined) {
    throw new PlanError({
      message: 'The ConfigMap is not valid. The agents would change nothing.',
      errors: validation.errors,
    });
  }
  const { message, path, line } = fileError;
  throw new PlanError({ message, file: path, ...(line === undefined ? {} : { line }) });
}

/** Returns the plan for a node that the agent has not changed yet. Throws a PlanError when there is none. */
export function planFor(policy: Policy, node: ShownNode, facts: NodeFacts): PlanAnswer {
  const { settings } = policy;
  const desired = desiredFor(policy, facts);
  const plan = planChange({
    unit: node.unit,
    config: node.config,
    desired: desired.allowances,
    lastApplied: { ours: [], folded: [] },
    unmanaged: settings.unmanaged,
    openShiftConfigDir: settings.openShiftConfigDir,
    goal: settings.mode === 'Restore' ? 'Restore' : 'Apply',
    kubelet: facts.kubelet,
    // The kubelet may start with variables that an assumed unit does not show.
    brokenStart: node.isAssumed ? 'Report' : 'Refuse',
  });
  if (plan.kind !== 'planned') throw new PlanError(errorData(plan, node));
  const notes = [...node.notes, ...leftOut(desired)];
  return { plan, notes, json: toJson(plan, node, notes) };
}

function errorData(plan: Unreconcilable | Refused, { isAssumed, unit, unitFiles }: ShownNode): PlanErrorData {
  const kind = isAssumed ? {} : { kind: plan.kind };
  if (plan.kind === 'unreconcilable') {
    const place = unitFiles.length === 0 ? '' : ` Files of ${unit.name}: ${unitFiles.join(', ')}.`;
    return { ...kind, message: `${plan.reason}${place}` };
  }
  const { message, file, line, byte } = plan;
  return {
    ...kind,
    message,
    file,
    ...(line === undefined ? {} : { line }),
    ...(byte === undefined ? {} : { byte }),
  };
}

function leftOut({ safe, unsupported }: Desired): readonly string[] {
  return [
    ...safe.map((name) => `${name} is already safe on this kubelet and needs no allowance.`),
    ...unsupported.map(({ pattern, message }) => `${pattern} is left out: ${message}`),
  ];
}

/** Returns the plan as JSON. */
export function toJson(
  plan: Planned,
  { isAssumed }: Pick<ShownNode, 'isAssumed'>,
  notes: readonly string[],
): PlanJson {
  return {
    ...(isAssumed ? {} : { file: plan.file }),
    changed: plan.changed,
    words: plan.words,
    contentBase64: Buffer.from(plan.after ?? new Uint8Array()).toString('base64'),
    configured: plan.configured,
    desired: plan.desired,
    unmanaged: [...new Set(plan.unmanaged.map(({ pattern }) => pattern))],
    reason: [plan.reason, ...notes].join(' '),
  };
}
