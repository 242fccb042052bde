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
  /** undefined: not known. */
  readonly systemdVersion: number | undefined;
}

/** The variable whose words the agent edits. */
export const EXTRA_ARGS = 'KUBELET_EXTRA_ARGS';
