// Which options of `agent` go together: those of a pod, and those of the host's own service.

import type { Command } from 'commander';
import type { InUse } from '../../host-policy/in-use.ts';

/** The options as commander returns them. */
export interface AgentFlags {
  readonly nodeName?: string;
  readonly configMap: string;
  readonly jitterSeconds: number;
  readonly waitForApproval: boolean;
  readonly host?: boolean;
  readonly policy?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly inUse?: InUse;
  readonly logLevel: string;
}

/** Those of the DaemonSet's agent. */
export interface ClusterFlags {
  readonly host: false;
  readonly nodeName: string;
  readonly configMap: string;
  readonly jitterSeconds: number;
  readonly waitForApproval: boolean;
  readonly logLevel: string;
}

/** Those of the host's own service. */
export interface HostFlags {
  readonly host: true;
  /** undefined: as the kubelet names its node. */
  readonly nodeName: string | undefined;
  readonly policy: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly inUse: InUse | undefined;
  readonly jitterSeconds: number;
  readonly logLevel: string;
}

/** Returns the options of one of the two. Throws commander's usage error when they do not go together. */
export function checkedFlags(flags: AgentFlags, command: Command): ClusterFlags | HostFlags {
  return flags.host === true ? hostFlags(flags, command) : clusterFlags(flags, command);
}

function hostFlags(flags: AgentFlags, command: Command): HostFlags {
  const { nodeName, policy, labels, inUse, jitterSeconds, logLevel } = flags;
  if (policy === undefined) {
    return command.error(
      'error: --host needs --policy, got none. The service reads its policy from the disk: give the file or folder.',
    );
  }
  if (policy === '-' || policy === '') {
    return command.error(
      `error: expected --policy to be the path of a file or folder, got ${policy === '' ? 'nothing' : 'standard input'}. ` +
        'The service watches it for changes: give a path.',
    );
  }
  if (flags.waitForApproval) {
    return command.error(
      'error: --host does not go with --wait-for-approval (WAIT_FOR_APPROVAL). ' +
        "The host's own service has no cluster, so no coordinator approves its changes: leave one of them out.",
    );
  }
  if (isGiven(command, 'configMap')) {
    return command.error(
      'error: --host does not go with --config-map (CONFIG_MAP). The service reads its policy from --policy: leave one of them out.',
    );
  }
  return { host: true, nodeName: nodeName || undefined, policy, labels, inUse, jitterSeconds, logLevel };
}

function clusterFlags(flags: AgentFlags, command: Command): ClusterFlags {
  const { nodeName, configMap, jitterSeconds, waitForApproval, logLevel } = flags;
  for (const [name, option] of [
    ['policy', '--policy'],
    ['labels', '--labels'],
    ['inUse', '--in-use'],
  ] as const) {
    if (isGiven(command, name)) {
      return command.error(
        `error: ${option} needs --host, got none. In a pod the agent reads the policy and the Node from the cluster: ` +
          `add --host, or leave ${option} out.`,
      );
    }
  }
  if (nodeName === undefined) {
    return command.error("error: required option '--node-name <name>' not specified");
  }
  return { host: false, nodeName, configMap, jitterSeconds, waitForApproval, logLevel };
}

/** True for an option of the command line or the environment. */
function isGiven(command: Command, name: string): boolean {
  return !['default', undefined].includes(command.getOptionValueSource(name));
}
