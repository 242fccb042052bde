// The question of `why` and its answer as data.

import type { NodeRequirement } from '../../../plan/node-requirement.ts';
import type { PolicyResult } from '../../../policy/policy.ts';
import type { ShownNode } from '../cluster/nodes.ts';
import type { Edit } from './edit.ts';
import type { NodeAnswer, Takes } from './judge.ts';
import type { HostNamespaces } from './never.ts';

/** What is asked about, and what a pod's spec says of it. */
export interface Subject extends HostNamespaces {
  /** `Pod`, `Deployment` and so on; `Sysctl` for a bare name. */
  readonly kind: string;
  /** undefined: a bare name. */
  readonly namespace: string | undefined;
  readonly name: string;
  /** As written. */
  readonly sysctls: readonly string[];
  readonly requirement?: NodeRequirement | undefined;
  /** Of a pod alone. */
  readonly pod?: PodStatus | undefined;
}

export interface PodStatus {
  readonly phase: string;
  /** `SysctlForbidden` where the kubelet refused it for a sysctl; empty without one. */
  readonly reason: string;
  readonly message: string;
  /** undefined: not scheduled. */
  readonly node: string | undefined;
}

export interface WhyInput {
  readonly subject: Subject;
  /** undefined: there is no ConfigMap. forbidden: the user may not read it. */
  readonly policy: PolicyResult | undefined | 'forbidden';
  readonly nodes: readonly ShownNode[];
  /** Of the subject's namespace; undefined: not readable, or there is none. */
  readonly namespaceLabels: Readonly<Record<string, string>> | undefined;
}

export interface NodeGroup extends NodeAnswer {
  readonly nodes: readonly string[];
}

export interface SysctlAnswer {
  /** The spelling with dots. */
  readonly name: string;
  /** On which kubelets and kernels a pod may set it without a list. */
  readonly safe: string;
  /** Why no node can ever take it from this pod; then there are no groups. */
  readonly never: string | undefined;
  /** The level of Pod Security that refuses it in this namespace. */
  readonly refusedByPodSecurity: string | undefined;
  readonly groups: readonly NodeGroup[];
}

export interface WhyView {
  readonly subject: Pick<Subject, 'kind' | 'namespace' | 'name' | 'pod'>;
  /** On one node at least, now. */
  readonly canRun: boolean;
  /** One sentence. */
  readonly answer: string;
  readonly sysctls: readonly SysctlAnswer[];
  /** The names of the nodes by what they say to all of the sysctls together; without those that the pod's own requirement leaves out. */
  readonly nodes: Readonly<Record<Takes, readonly string[]>>;
  readonly leftOut: readonly string[];
  readonly edit: Edit | undefined;
  readonly notes: readonly string[];
}
