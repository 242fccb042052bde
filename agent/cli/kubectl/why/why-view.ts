// The answer of `why` as data: the JSON that it prints. Pure.

import { fitsNode } from '../../../plan/node-requirement.ts';
import { normaliseSysctl } from '../../../sysctl/normalise.ts';
import { compareVersions, NEWEST_KUBELET, parseVersion } from '../../../sysctl/version.ts';
import type { ShownNode } from '../cluster/nodes.ts';
import { editFor } from './edit.ts';
import { judgeOn, profilesWith, safeText, TAKES, type NodeAnswer, type Takes } from './judge.ts';
import { neverReason } from './never.ts';
import { podSecurityRefusal } from './pod-security.ts';
import type { NodeGroup, WhyInput, WhyView } from './types.ts';
import { answerText, notesOf } from './why-words.ts';

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
    notes: notesOf({
      subject,
      result,
      refusal,
      isUnread: namespaceLabels === undefined,
      edit,
      profiles: by.now.length === 0 ? [] : lacking.flatMap((name) => profilesWith(name, policy)),
    }),
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
