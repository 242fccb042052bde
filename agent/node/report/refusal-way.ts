// What a pod needs that this node's kubelet refused for a sysctl: which list would allow it. Pure.

import { CONFIG_MAP } from '../../names.ts';
import { profilesFor } from '../../policy/desired.ts';
import type { Policy, Profile } from '../../policy/policy.ts';
import { selectorText } from '../../policy/selectors.ts';
import { isAllowance } from '../../sysctl/allowance.ts';
import { coveredBy } from '../../sysctl/coverage.ts';
import { isNodeWide } from '../../sysctl/node-wide.ts';
import { safeSince } from '../../sysctl/safe.ts';
import { NEWEST_KUBELET } from '../../sysctl/version.ts';
import { firstNames } from '../../text/names.ts';
import type { RefusedPod } from '../ports.ts';

export interface RefusingNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The state that the node shows; undefined: none yet. */
  readonly state: string | undefined;
}

interface Place {
  readonly node: RefusingNode;
  /** undefined: the ConfigMap is absent or not valid. */
  readonly policy: Policy | undefined;
  /** The namespace of the ConfigMap. */
  readonly namespace: string;
}

const MOST_NAMED = 5;

/** Returns a text for the pod's author; undefined when the kubelet refused it for something that no list can allow or forbid. */
export function refusalWay(pod: RefusedPod, place: Place): string | undefined {
  const names = refusedNames(pod);
  if (names.length === 0) {
    return undefined;
  }
  const impossible = names.filter((name) => !isAllowance(name, NEWEST_KUBELET) || isNodeWide(name));
  const here = place.policy === undefined ? [] : profilesFor(place.policy, place.node);
  const allowedHere = [...(place.policy?.entries ?? []), ...here.flatMap(({ entries }) => entries)];
  const rest = names.filter((name) => !impossible.includes(name));
  const awaited = rest.filter((name) => coveredBy(patternsOf(allowedHere), name));
  const missing = rest.filter((name) => !awaited.includes(name));
  const sentences = [
    `The kubelet of node ${place.node.name} does not allow pods to set ${firstNames(names, MOST_NAMED)}.`,
    ...impossibleText(impossible),
    ...awaitedText(awaited, place),
    ...missingText(missing, place),
    ...modeText(place.policy),
  ];
  return sentences.join(' ');
}

/** The kubelet names the first that it refuses; those after it may need an allowance too. A safe one needs none, on most kubelets. */
function refusedNames({ sysctls, message }: RefusedPod): readonly string[] {
  const first = /"([^"]+)" not allowlisted/u.exec(message)?.[1];
  const at = first === undefined ? -1 : sysctls.indexOf(first);
  return at === -1
    ? []
    : sysctls.filter((name, index) => index === at || (index > at && safeSince(name) === undefined));
}

function impossibleText(names: readonly string[]): readonly string[] {
  return names.length === 0
    ? []
    : [
        `No list can make ${firstNames(names, MOST_NAMED)} work: Linux keeps it once for the whole node. Remove it from the pod; an administrator can set it on the node itself.`,
      ];
}

function awaitedText(names: readonly string[], { node }: Place): readonly string[] {
  return names.length === 0
    ? []
    : [
        `The policy allows ${firstNames(names, MOST_NAMED)} on this node, but its kubelet does not run with it yet (state ${node.state ?? 'unknown'}). Create the pod again when the node is Done.`,
      ];
}

function missingText(names: readonly string[], { policy, namespace }: Place): readonly string[] {
  if (names.length === 0) {
    return [];
  }
  const profile = policy?.profiles.find(({ entries }) =>
    names.every((name) => coveredBy(patternsOf(entries), name)),
  );
  const named = firstNames(names, MOST_NAMED);
  return [
    profile === undefined
      ? `No list of the policy allows ${named} on this node. Ask an administrator to add ${names.length === 1 ? 'this line' : 'these lines'} to the key allowedUnsafeSysctls of the ConfigMap ${namespace}/${CONFIG_MAP}: ${named}.`
      : placingText(named, profile),
  ];
}

function placingText(named: string, { name, nodeSelector }: Profile): string {
  return `The profile ${name} allows ${named} on nodes with ${selectorText(nodeSelector)}. Give the pod that nodeSelector, or ask an administrator to allow it on this node too.`;
}

function modeText(policy: Policy | undefined): readonly string[] {
  if (policy === undefined) {
    return ['The ConfigMap is not a valid policy at present; an administrator must correct that first.'];
  }
  const { mode } = policy.settings;
  return mode === 'Enforce'
    ? []
    : [`The policy has mode: ${mode}, with which no list takes effect on any kubelet.`];
}

function patternsOf(entries: readonly { readonly pattern: string }[]): readonly string[] {
  return entries.map(({ pattern }) => pattern);
}
