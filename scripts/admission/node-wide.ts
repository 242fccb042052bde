// The ValidatingAdmissionPolicy that warns who edits the policy's ConfigMap of names that no pod can set.

import { CONFIG_MAP } from '../../agent/names.ts';
import { LIST_KEY, LONGEST_LIST } from '../../agent/policy/parse.ts';
import { ALLOWED_MESSAGE, NODE_WIDE_WARNING } from '../../agent/sysctl/judge.ts';
import { nodeWideNames } from '../../agent/sysctl/node-wide.ts';
import { listOf, literal, mapOf, trimmed } from './cel.ts';
import { ITEMS, linesOf } from './list.ts';
import { manifestText } from './manifest.ts';
import type { Variable } from './variable.ts';

export const NODE_WIDE_POLICY = `${CONFIG_MAP}-node-wide`;

const HEAD = ` Warns who edits the ConfigMap ${CONFIG_MAP} of names in its base list that every kubelet takes and no pod can set, in the
 words of 'kubelet-sysctls validate'. It refuses nothing. Only a base list that the request changes is judged, and only names
 of which this is true on every kernel. Needs Kubernetes 1.30. Another namespace: name it here too.
 Written by scripts/admission-policy.ts from the table of the agents. Do not edit it here.`;

/** In both spellings. */
const NAMES = nodeWideNames().flatMap((name) => [name, name.replaceAll('.', '/')]);
const NAMED = `${ITEMS}.map(item, ${trimmed('item')}).filter(name, name in variables.nodeWide)`;

const variables: readonly Variable[] = [
  // The API server's time grows with the square of the number of names; what is longer than all names may be has comments.
  linesOf(LONGEST_LIST),
  {
    name: 'nodeWide',
    why: 'Linux keeps them once for the whole node. A map costs the same for every item of a list.',
    expression: mapOf(Object.fromEntries(NAMES.map((name) => [name, 'true']))),
  },
  {
    name: 'found',
    expression: `',' + variables.lines.map(line, ${NAMED}.join(',')).filter(names, names != '').join(',') + ','`,
  },
  {
    name: 'names',
    why: 'Each once, in alphabetical order.',
    expression: `variables.found == ',,' ? [] : ${listOf(NAMES.toSorted())}.filter(name, variables.found.contains(',' + name + ','))`,
  },
];

const SAID = `${ALLOWED_MESSAGE}, but ${NODE_WIDE_WARNING}.`;

/** Returns the manifest as text. */
export function nodeWidePolicyText(): string {
  return manifestText({
    name: NODE_WIDE_POLICY,
    head: HEAD,
    variables,
    validations: [
      {
        expression: 'variables.names.size() == 0',
        message: `${LIST_KEY} has names that no pod can set. Run 'kubelet-sysctls validate FILE' to see them.`,
        messageExpression: `${literal(`${LIST_KEY}: `)} + variables.names.join(', ') + (variables.names.size() == 1 ? ' is ' : ': each is ') + ${literal(SAID)}`,
      },
    ],
  });
}
