// The kubelet's unit and its files as data, read from the host by the observer.

/** One file that an EnvironmentFile= line of the unit names or matches. */
export interface EnvironmentFileOnDisk {
  readonly path: string;
  /** The line has the `-` prefix: systemd starts the unit without the file. */
  readonly optional: boolean;
  /** The path matches a glob pattern, so a new file there may not be read. */
  readonly fromGlob: boolean;
  /** undefined: the file does not exist. */
  readonly content: Uint8Array | undefined;
  /** The path behind symbolic links, or NULL_DEVICE for any null device; absent when it is `path`. */
  readonly leadsTo?: string;
  /** The file and the folder that would contain it do not exist. */
  readonly folderMissing?: boolean;
  /** The user names it as the kubelet's own file: it is a copy, not at its place on the node. */
  readonly isCopy?: boolean;
}

/** The kubelet's unit as systemd shows it; strings as on the bus, variables unexpanded. */
export interface KubeletUnit {
  readonly name: string;
  /** The argv of ExecStart=; its first entry is the binary. */
  readonly execStart: readonly string[];
  /** Environment= entries in force, each `KEY=value`. */
  readonly environment: readonly string[];
  /** In the order in which systemd reads them: a later file wins. */
  readonly environmentFiles: readonly EnvironmentFileOnDisk[];
  /** The commands of ExecStartPre=, the words of each joined by blanks; absent where they are not known. */
  readonly startPre?: readonly string[];
  /** undefined: not known. */
  readonly systemdVersion: number | undefined;
}

/** The variable for arguments of an administrator, in every file of the kubelet's own. */
export const EXTRA_ARGS = 'KUBELET_EXTRA_ARGS';

/** Variables of other installers, each in the one file where it survives a reboot. */
export const OTHER_VARIABLES: readonly { readonly variable: string; readonly path: string }[] = [
  // kubespray
  { variable: 'KUBELET_ARGS', path: '/etc/kubernetes/kubelet.env' },
  // AKS
  { variable: 'KUBELET_FLAGS', path: '/etc/default/kubelet' },
];

/** Reads as an empty file. */
export const NULL_DEVICE = '/dev/null';

/** The agent's own file in the kubelet's --config-dir. It is read last: the list of a later file replaces that of an earlier one. */
export const DROP_IN_NAME = '99-kubelet-sysctl-agent.conf';

/** True when the agent may edit what an `origin` names, such as `KUBELET_EXTRA_ARGS in /etc/default/kubelet, line 3`. */
export function isEditable(origin: string): boolean {
  return (
    origin.startsWith(`${EXTRA_ARGS} `) ||
    origin.endsWith(`/${DROP_IN_NAME}`) ||
    OTHER_VARIABLES.some(({ variable, path }) => origin.startsWith(`${variable} in ${path},`))
  );
}
