// The kubelet's unit as the host has it, given to the pure core as data.

/** One file that an EnvironmentFile= line of the unit names. */
export interface EnvironmentFileOnDisk {
  readonly path: string;
  /** The line has the `-` prefix: systemd starts the unit without the file. */
  readonly optional: boolean;
  /** The path is a match of a glob pattern, so nothing can be created there with certainty. */
  readonly fromGlob: boolean;
  /** undefined: there is no such file. */
  readonly content: Uint8Array | undefined;
}

/** What systemd knows of the kubelet's unit; strings as on the bus, variables unexpanded. */
export interface KubeletUnit {
  readonly name: string;
  /** The argv of ExecStart=, its first entry being the binary. */
  readonly execStart: readonly string[];
  /** Environment= entries in force, each `KEY=value`. */
  readonly environment: readonly string[];
  /** In the order in which systemd reads them: a later file wins. */
  readonly environmentFiles: readonly EnvironmentFileOnDisk[];
  /** systemd's version; undefined when it is not known. */
  readonly systemdVersion: number | undefined;
}

/** The variable whose words the agent edits. */
export const EXTRA_ARGS = 'KUBELET_EXTRA_ARGS';
