// The form of the ValidatingAdmissionPolicies of the policy's ConfigMap.

import { Document, isMap } from 'yaml';
import { CONFIG_MAP, NAMESPACE } from '../../agent/names.ts';
import type { Variable } from './variable.ts';

/** Of the keys that a request changes; other variables use them. */
const ALWAYS: readonly Variable[] = [
  { name: 'data', expression: 'object.?data.orValue({})' },
  { name: 'before', expression: 'oldObject == null ? {} : oldObject.?data.orValue({})' },
  {
    name: 'changed',
    why: 'A key that is deleted needs no judgement: every key has a default.',
    expression: 'variables.data.filter(key, variables.before[?key] != variables.data[?key])',
  },
];

export interface Manifest {
  readonly name: string;
  /** The comment at the file's head. */
  readonly head: string;
  /** In the order in which they use each other; they may use `data`, `before` and `changed`. */
  readonly variables: readonly Variable[];
  readonly validations: readonly {
    readonly expression: string;
    readonly message: string;
    readonly messageExpression: string;
  }[];
}

/** Returns the YAML of a policy that judges an edit of the ConfigMap, and lets pass what it cannot judge. */
export function manifestText({ name, head, variables, validations }: Manifest): string {
  const every = [...ALWAYS, ...variables];
  const document = new Document({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name },
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
      variables: every.map((one) => ({ name: one.name, expression: one.expression })),
      validations,
    },
  });
  document.commentBefore = head;
  for (const [index, { why }] of every.entries()) {
    const variable = document.getIn(['spec', 'variables', index]);
    if (why !== undefined && isMap(variable)) variable.commentBefore = ` ${why}`;
  }
  return document.toString({ lineWidth: 0, blockQuote: 'literal' });
}
