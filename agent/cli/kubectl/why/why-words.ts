// The words of `why`: its answer in one sentence, and its notes. Pure.

import type { Policy } from '../../../policy/policy.ts';
import { count } from '../../../text/count.ts';
import { obstacles, placingText, type Edit } from './edit.ts';
import { ENFORCE, type PodSecurityRefusal } from './pod-security.ts';
import type { Subject, WhyInput, WhyView } from './types.ts';

/** How the nodes answer to all sysctls together. */
export interface Outcome {
  readonly by: WhyView['nodes'];
  readonly total: number;
  readonly fitting: number;
  readonly hasNever: boolean;
  readonly isRefused: boolean;
}

/** Returns the answer in one sentence. */
export function answerText(
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

/** What the notes are about. */
export interface NoteFacts {
  readonly subject: Subject;
  readonly result: WhyInput['policy'];
  readonly refusal: PodSecurityRefusal | undefined;
  /** The namespace's labels are not known. */
  readonly isUnread: boolean;
  readonly edit: Edit | undefined;
  /** The profiles that allow, on their nodes, what others lack; empty when no node takes the pod now. */
  readonly profiles: Policy['profiles'];
}

/** Returns what else a person must know, a sentence or two each. */
export function notesOf(facts: NoteFacts): readonly string[] {
  const { subject, result, edit, profiles } = facts;
  const placing = edit && placingText(profiles);
  return [
    ...podNotes(subject),
    ...podSecurityNotes(facts),
    ...policyNotes(result, edit),
    ...(placing === undefined ? [] : [placing]),
  ];
}

function podSecurityNotes({ subject: { namespace }, refusal, isUnread }: NoteFacts): readonly string[] {
  if (namespace !== undefined && isUnread) {
    return [`Whether Pod Security refuses it is not known: namespace ${namespace} could not be read.`];
  }
  return refusal === undefined
    ? []
    : [
        `Pod Security refuses ${refusal.sysctls.join(', ')} in namespace ${namespace} (label ${ENFORCE}=${refusal.level}), whatever the kubelets allow. Use a namespace that enforces privileged.`,
      ];
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
