// The ValidatingAdmissionPolicy of the policy's ConfigMap: refuses at once what the agents would report as an error later.

import { Document, isMap } from 'yaml';
import { CONFIG_MAP, NAMESPACE } from '../../agent/names.ts';
import { canaryVariables } from './canary.ts';
import { keyVariables } from './keys.ts';
import { listVariables } from './list.ts';
import type { Variable } from './variable.ts';
import { windowVariables } from './windows.ts';

const HEAD = ` Refuses an edit of the ConfigMap ${CONFIG_MAP} that the agents would report as an error, in the words of 'kubelet-sysctls
 validate'. Only the keys that a request changes are judged. What CEL cannot judge within its limits passes: profiles, the
 names of time zones, very long lists. It is a help, not a guard: with failurePolicy Ignore, an API server that cannot
 evaluate it accepts the edit, and the agents report the error. Needs Kubernetes 1.30. Another namespace: name it here too.
 Written by scripts/admission-policy.ts from the rules of the agents. Do not edit it here.`;

const ALWAYS: readonly Variable[] = [
  { name: 'data', expression: 'object.?data.orValue({})' },
  { name: 'before', expression: 'oldObject == null ? {} : oldObject.?data.orValue({})' },
  {
    name: 'changed',
    why: 'A key that is deleted needs no judgement: every key has a default.',
    expression: 'variables.data.filter(key, variables.before[?key] != variables.data[?key])',
  },
];

const variables = [...ALWAYS, ...keyVariables, ...listVariables, ...canaryVariables, ...windowVariables];

const OTHERS = [
  'variables.keyErrors',
  'variables.emptyErrors',
  'variables.canaryErrors',
  'variables.windowErrors',
  'variables.scalarErrors',
].join(' + ');

const MESSAGE =
  "The ConfigMap is not a valid policy, and its errors are too long to show here. Run 'kubelet-sysctls validate FILE' to see them.";

// Two, so that a list too long for CEL does not hide errors of other keys: the API server shows the first that refuses.
const validations = [
  {
    expression: 'variables.listErrors.size() == 0',
    message: MESSAGE,
    messageExpression: `(variables.listErrors + ${OTHERS}).join(' ')`,
  },
  {
    expression: `(${OTHERS}).size() == 0`,
    message: MESSAGE,
    messageExpression: `(${OTHERS}).join(' ')`,
  },
];

/** Returns the manifest as text. */
export function admissionPolicyText(): string {
  const document = new Document({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: CONFIG_MAP },
    spec: {
      failurePolicy: 'Ignore',
      // With the defaults spelt out: a server-side apply owns all of it, and would conflict with what the API server adds.
      matchConstraints: {
        matchPolicy: 'Equivalent',
        objectSelector: {},
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': NAMESPACE } },
        resourceRules: [
          {
            apiGroups: [''],
            apiVersions: ['v1'],
            operations: ['CREATE', 'UPDATE'],
            resources: ['configmaps'],
            resourceNames: [CONFIG_MAP],
            scope: '*',
          },
        ],
      },
      variables: variables.map(({ name, expression }) => ({ name, expression })),
      validations,
    },
  });
  document.commentBefore = HEAD;
  for (const [index, { why }] of variables.entries()) {
    const variable = document.getIn(['spec', 'variables', index]);
    if (why !== undefined && isMap(variable)) variable.commentBefore = ` ${why}`;
  }
  return document.toString({ lineWidth: 0, blockQuote: 'literal' });
}
