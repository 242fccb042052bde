// What `plan` answers, as data: the JSON that it prints, and the error in its place.

import type { ConfigSources } from '../kubelet/config.ts';
import { EXTRA_ARGS, type KubeletUnit } from '../kubelet/unit.ts';
import { planChange, type Planned } from '../plan/plan.ts';
import { desiredFor, type Desired, type NodeFacts } from '../policy/desired.ts';
import { parsePolicy } from '../policy/parse.ts';
import type { PolicyError } from '../policy/policy.ts';
import { ConfigMapFileError } from './config-map-file.ts';

export interface PlanQuestion {
  /** The ConfigMap's. */
  readonly data: Readonly<Record<string, string>>;
  readonly environmentFile: { readonly path: string; readonly content: Uint8Array | undefined };
  readonly config: ConfigSources;
  readonly node: NodeFacts;
}

export interface PlanAnswer {
  readonly plan: Planned;
  readonly desired: Desired;
  readonly json: PlanJson;
}

export interface PlanJson {
  readonly changed: boolean;
  readonly words: { readonly before: readonly string[]; readonly after: readonly string[] };
  /** The whole file as it would be; empty when no file is needed. */
  readonly contentBase64: string;
  readonly configured: { readonly before: readonly string[]; readonly after: readonly string[] };
  readonly desired: readonly string[];
  readonly unmanaged: readonly string[];
  readonly reason: string;
}

export interface PlanErrorData {
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
  /** Offset from the file's start. */
  readonly byte?: number;
  readonly errors?: readonly PolicyError[];
}

/** There is no plan; the data says what a person has to mend. */
export class PlanError extends Error {
  override readonly name = 'PlanError';
  readonly data: PlanErrorData;

  constructor(data: PlanErrorData) {
    super(data.message);
    this.data = data;
  }
}

/** Plans for a node whose unit is kubeadm's and to which nothing was applied yet; throws a PlanError. */
export function planFor(question: PlanQuestion): PlanAnswer {
  const { data, environmentFile, config, node } = question;
  const parsed = parsePolicy(data);
  if (!parsed.ok) {
    throw new PlanError({
      message: 'Expected a valid ConfigMap: nothing would be changed.',
      errors: parsed.errors,
    });
  }
  const { settings } = parsed.policy;
  const desired = desiredFor(parsed.policy, node);
  const plan = planChange({
    unit: kubeadmUnit(environmentFile),
    config,
    desired: desired.allowances,
    lastApplied: { ours: [], folded: [] },
    unmanaged: settings.unmanaged,
    goal: settings.mode === 'Restore' ? 'Restore' : 'Apply',
    kubelet: node.kubelet,
    brokenStart: 'Report',
  });
  if (plan.kind === 'unreconcilable') throw new PlanError({ message: plan.reason });
  if (plan.kind === 'refused') {
    const { message, file, line, byte } = plan;
    throw new PlanError({
      message,
      file,
      ...(line === undefined ? {} : { line }),
      ...(byte === undefined ? {} : { byte }),
    });
  }
  return { plan, desired, json: toJson(plan, desired) };
}

/** The PlanError that another error amounts to; undefined when it is a fault of ours. */
export function toPlanError(error: unknown): PlanError | undefined {
  if (error instanceof PlanError) return error;
  if (!(error instanceof ConfigMapFileError)) return undefined;
  const { message, path, line } = error;
  return new PlanError({ message, file: path, ...(line === undefined ? {} : { line }) });
}

/** What the policy names and is left out here, in sentences. */
export function leftOut({ safe, unsupported }: Desired): readonly string[] {
  return [
    ...safe.map((name) => `${name} is already safe on this kubelet, not needed.`),
    ...unsupported.map(({ pattern, message }) => `${pattern} is left out: ${message}`),
  ];
}

function toJson(plan: Planned, desired: Desired): PlanJson {
  return {
    changed: plan.changed,
    words: plan.words,
    contentBase64: Buffer.from(plan.after ?? new Uint8Array()).toString('base64'),
    configured: plan.configured,
    desired: plan.desired,
    unmanaged: [...new Set(plan.unmanaged.map(({ pattern }) => pattern))],
    reason: [plan.reason, ...leftOut(desired)].join(' '),
  };
}

/** 10-kubeadm.conf of the official packages, with the one environment file that `plan` is given. */
function kubeadmUnit(file: PlanQuestion['environmentFile']): KubeletUnit {
  return {
    name: 'kubelet.service',
    execStart: [
      '/usr/bin/kubelet',
      '$KUBELET_KUBECONFIG_ARGS',
      '$KUBELET_CONFIG_ARGS',
      '$KUBELET_KUBEADM_ARGS',
      `$${EXTRA_ARGS}`,
    ],
    environment: [],
    environmentFiles: [{ ...file, optional: true, fromGlob: false }],
    systemdVersion: undefined,
  };
}
