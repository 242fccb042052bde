// The answer of `why` as data: the JSON that it prints. Pure.

import { fitsNode, type NodeRequirement } from '../../../plan/node-requirement.ts';
import type { PolicyResult } from '../../../policy/policy.ts';
import { normaliseSysctl } from '../../../sysctl/normalise.ts';
import { compareVersions, NEWEST_KUBELET, parseVersion } from '../../../sysctl/version.ts';
import { count } from '../../../text/count.ts';
import type { ShownNode } from '../cluster/nodes.ts';
import { editFor, obstacles, placingText, type Edit } from './edit.ts';
import { judgeOn, profilesWith, safeText, TAKES, type NodeAnswer, type Takes } from './judge.ts';
import { neverReason, type HostNamespaces } from './never.ts';
import { ENFORCE, podSecurityRefusal } from './pod-security.ts';

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

/** Returns whether and where the subject's sysctls can be set, why, and what would allow them. */
export function whyView({ subject, policy: result, nodes, namespaceLabels }: WhyInput): WhyView {
  const policy = typeof result === 'object' && result.ok ? result.policy : undefined;
  const { requirement } = subject;
  const fitting = nodes.filter((node) => requirement === undefined || fitsNode(requirement, placeOf(node)));
  const refusal = podSecurityRefusal(subject.sysctls, namespaceLabels ?? {}, newestOf(nodes));
  const names = [...new Set(subject.sysctls)];
  const judged = names.map((written) => {
    const never = neverReason(written, subject);
    const name = normaliseSysctl(written);
    const answers = never === undefined ? fitting.map((node) => judgeOn(name, node, policy)) : [];
    return { name, never, answers, isRefused: refusal?.sysctls.includes(written) === true };
  });
  const worst = fitting.map((_node, at): Takes =>
    judged.reduce<Takes>(
      (sofar, { never, answers }) => worse(sofar, never === undefined ? (answers[at]?.takes ?? 'no') : 'no'),
      'now',
    ),
  );
  const by = namesBy(fitting, worst);
  const lacking = judged
    .filter(({ answers }) => answers.some(({ lacksList }) => lacksList))
    .map(({ name }) => name);
  const hasNever = judged.some(({ never }) => never !== undefined);
  const edit = hasNever ? undefined : editFor([...new Set(lacking)], requirement?.nodeSelector ?? {}, policy);
  const canRun = by.now.length > 0 && refusal === undefined;
  return {
    subject: { kind: subject.kind, namespace: subject.namespace, name: subject.name, pod: subject.pod },
    canRun,
    answer: answerText(subject, {
      by,
      total: nodes.length,
      fitting: fitting.length,
      hasNever,
      isRefused: refusal !== undefined,
    }),
    sysctls: judged.map(({ name, never, answers, isRefused }) => ({
      name,
      safe: safeText(name),
      never,
      refusedByPodSecurity: isRefused ? refusal?.level : undefined,
      groups: groupsOf(fitting, answers),
    })),
    nodes: by,
    leftOut: nodes.filter((node) => !fitting.includes(node)).map(({ name }) => name),
    edit,
    notes: [
      ...podNotes(subject),
      ...(refusal === undefined
        ? []
        : [
            `Pod Security refuses ${refusal.sysctls.join(', ')} in namespace ${subject.namespace} (label ${ENFORCE}=${refusal.level}), whatever the kubelets allow. Use a namespace that enforces privileged.`,
          ]),
      ...(subject.namespace !== undefined && namespaceLabels === undefined
        ? [`Whether Pod Security refuses it is not known: namespace ${subject.namespace} could not be read.`]
        : []),
      ...policyNotes(result, edit),
      ...(by.now.length > 0 && edit !== undefined
        ? [placingText(lacking.flatMap((name) => profilesWith(name, policy)))].filter(
            (note) => note !== undefined,
          )
        : []),
    ],
  };
}

function placeOf({ name, fleet }: ShownNode): {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
} {
  return { name, labels: fleet.labels };
}

/** An API server is as new as its newest kubelet, or newer. */
function newestOf(nodes: readonly ShownNode[]): typeof NEWEST_KUBELET {
  const versions = nodes
    .map(({ fleet }) => parseVersion(fleet.kubelet))
    .filter((version) => version !== undefined);
  return versions.toSorted(compareVersions).at(-1) ?? NEWEST_KUBELET;
}

function worse(one: Takes, other: Takes): Takes {
  return TAKES.indexOf(one) > TAKES.indexOf(other) ? one : other;
}

function namesBy(nodes: readonly ShownNode[], takes: readonly Takes[]): WhyView['nodes'] {
  const of = (wanted: Takes): readonly string[] =>
    nodes.filter((_node, at) => takes[at] === wanted).map(({ name }) => name);
  return { now: of('now'), later: of('later'), unknown: of('unknown'), no: of('no') };
}

function groupsOf(nodes: readonly ShownNode[], answers: readonly NodeAnswer[]): readonly NodeGroup[] {
  const groups = new Map<string, NodeGroup & { nodes: string[] }>();
  for (const [at, answer] of answers.entries()) {
    const key = JSON.stringify([answer.takes, answer.reason]);
    const group = groups.get(key) ?? { ...answer, nodes: [] };
    group.nodes.push(nodes[at]?.name ?? '');
    groups.set(key, group);
  }
  return [...groups.values()].toSorted(
    (one, other) =>
      TAKES.indexOf(one.takes) - TAKES.indexOf(other.takes) || other.nodes.length - one.nodes.length,
  );
}

interface Outcome {
  readonly by: WhyView['nodes'];
  readonly total: number;
  readonly fitting: number;
  readonly hasNever: boolean;
  readonly isRefused: boolean;
}

function answerText(
  { kind, sysctls }: Subject,
  { by, total, fitting, hasNever, isRefused }: Outcome,
): string {
  const what =
    kind === 'Sysctl' ? 'A pod can set it' : kind === 'Pod' ? 'Such a pod can run' : 'Its pods can run';
  if (hasNever)
    return `${what} on no node: ${sysctls.length > 1 ? 'one of the sysctls' : 'the sysctl'} cannot be set by ${kind === 'Sysctl' ? 'a pod' : 'this pod'}.`;
  if (isRefused) return `${what} on no node: Pod Security refuses it in its namespace.`;
  if (total === 0) return `${what} on no node: the cluster has none.`;
  if (fitting === 0) return `${what} on no node: none fits its node selector and affinity.`;
  const of = `${by.now.length === 0 ? 'no' : by.now.length} of ${count(fitting, 'node')}`;
  const more = [
    ...(by.later.length > 0 ? [`${by.later.length} will take it later`] : []),
    ...(by.unknown.length > 0 ? [`of ${by.unknown.length} it is not known`] : []),
  ];
  return `${what} on ${by.now.length === fitting ? `every node (${fitting})` : by.now.length === 0 ? 'no node' : of} now${more.length === 0 ? '' : `; ${more.join('; ')}`}.`;
}

function podNotes({ pod }: Subject): readonly string[] {
  return pod?.reason === 'SysctlForbidden'
    ? [
        'A pod that a kubelet refused does not start again, also when its sysctls are allowed later: delete it, and create it again where no controller does.',
      ]
    : [];
}

function policyNotes(result: WhyInput['policy'], edit: Edit | undefined): readonly string[] {
  if (result === 'forbidden')
    return ['You may not read the ConfigMap: what it allows where is taken from the reports of the agents.'];
  if (result?.ok === false)
    return [
      'The ConfigMap is not valid: no edit has an effect until it is fixed (kubectl sysctls status). What is wanted where is taken from the reports of the agents.',
    ];
  if (edit === undefined) return [];
  return result === undefined
    ? ['The ConfigMap does not exist: create it with this key.']
    : obstacles(result.policy);
}
