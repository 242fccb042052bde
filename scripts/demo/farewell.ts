// What the demo leaves, and how to use or remove it.

import {
  AGENT_DAEMON_SET,
  AGENT_NAMESPACE,
  POLICY_CONFIG_MAP,
  TUTORIAL_NAMESPACE,
} from '../kubernetes/names.ts';
import { DEMO_BED } from './bed-ground.ts';

export interface BedLeft {
  readonly kubeconfig: string;
  /** The folder of a kubectl, where the user's PATH has none. */
  readonly kubectlFolder: string | undefined;
  /** A node for the example commands. */
  readonly node: string;
}

export const REMOVE_BED = `scripts/cluster down --name ${DEMO_BED}`;

/** Returns the text after a successful demo on a bed. */
export function bedFarewell({ kubeconfig, kubectlFolder, node }: BedLeft): string {
  return [
    'The cluster stays up. To use it:',
    '',
    `  export KUBECONFIG=${kubeconfig}`,
    ...(kubectlFolder === undefined ? [] : [`  export PATH=$PATH:${kubectlFolder}`]),
    '',
    'What to try next:',
    '',
    ...aligned([
      [
        `kubectl -n ${AGENT_NAMESPACE} edit configmap ${POLICY_CONFIG_MAP}`,
        'add net.ipv4.tcp_*, or a name that no kubelet accepts',
      ],
      [`kubectl describe node ${node}`, 'the annotations, and the Events of each change'],
      [`kubectl -n ${AGENT_NAMESPACE} logs daemonset/${AGENT_DAEMON_SET}`, 'what an agent does'],
      ['npm run demo', 'the same again, from the beginning'],
    ]),
    '',
    'To remove it:',
    '',
    `  ${REMOVE_BED}`,
  ].join('\n');
}

/** Returns the text after a successful demo on the user's cluster. */
export function contextFarewell(context: string): string {
  return [
    `The agent stays on the cluster of context ${context}; edit its ConfigMap to allow a sysctl:`,
    '',
    `  kubectl --context ${context} -n ${AGENT_NAMESPACE} edit configmap ${POLICY_CONFIG_MAP}`,
    '',
    "To remove the agent (its names stay in the nodes' files; set mode: Restore before to remove them):",
    '',
    `  kubectl --context ${context} delete -k daemonset/`,
  ].join('\n');
}

/** Returns the text after a demo that failed or was interrupted; `context` is undefined for a bed. */
export function leftBehind(context: string | undefined): string {
  return context === undefined
    ? `The cluster "${DEMO_BED}" may still be up: npm run demo uses it again, ${REMOVE_BED} removes it.`
    : [
        'What may be left on the cluster, and how to remove it:',
        `  kubectl --context ${context} delete namespace ${TUTORIAL_NAMESPACE}`,
        `  kubectl --context ${context} -n ${AGENT_NAMESPACE} edit configmap ${POLICY_CONFIG_MAP}    # the names that the demo added`,
        `  kubectl --context ${context} delete -k daemonset/    # the agent`,
      ].join('\n');
}

function aligned(rows: readonly (readonly [command: string, why: string])[]): readonly string[] {
  const width = Math.max(...rows.map(([command]) => command.length));
  return rows.map(([command, why]) => `  ${command.padEnd(width)}   # ${why}`);
}
