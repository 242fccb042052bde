// The ValidatingAdmissionPolicy of the policy's ConfigMap: refuses at once what the agents would report as an error later.

import { CONFIG_MAP } from '../../agent/names.ts';
import { canaryVariables } from './canary.ts';
import { keyVariables } from './keys.ts';
import { listVariables } from './list.ts';
import { manifestText } from './manifest.ts';
import { windowVariables } from './windows.ts';

const HEAD = ` Refuses an edit of the ConfigMap ${CONFIG_MAP} that the agents would report as an error, in the words of 'kubelet-sysctls
 validate'. Only the keys that a request changes are judged. What CEL cannot judge within its limits passes: profiles, the
 names of time zones, very long lists. It is a help, not a guard: with failurePolicy Ignore, an API server that cannot
 evaluate it accepts the edit, and the agents report the error. Needs Kubernetes 1.30. Another namespace: name it here too.
 Written by scripts/admission-policy.ts from the rules of the agents. Do not edit it here.`;

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
  return manifestText({
    name: CONFIG_MAP,
    head: HEAD,
    variables: [...keyVariables, ...listVariables, ...canaryVariables, ...windowVariables],
    validations,
  });
}
