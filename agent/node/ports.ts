// What one node's use cases need of the outside world. host/ and cluster/ implement these; tests fake them.

import type { ProgramFile } from '../kubelet/program.ts';
import type { SysctlPod } from '../plan/in-use.ts';
import type { ConfigMapObject } from '../policy/config-map.ts';
import type { EventDraft } from '../report/event-draft.ts';

export type { Clock } from '../time/clock.ts';

/** The kubelet's unit as systemd reports it now. Strings and arrays are as on the bus, variables unexpanded. */
export interface UnitStatus {
  readonly name: string;
  readonly loadState: string;
  readonly activeState: string;
  readonly subState: string;
  readonly result: string;
  /** 0 while no main process runs. */
  readonly mainPid: number;
  /** PID of the last main process, also when it has ended; 0 when there was none. */
  readonly lastPid: number;
  /** When the last main process was started, on the monotonic clock; 0 when there was none. */
  readonly startedMs: number;
  /** 32 hexadecimal digits; empty while the unit never ran. */
  readonly invocationId: string;
  /** NRestarts: automatic restarts since a person or program last started the unit. */
  readonly restarts: number;
  readonly execStart: readonly string[];
  readonly environment: readonly string[];
  readonly environmentFiles: readonly { readonly path: string; readonly optional: boolean }[];
  /** The commands of ExecStartPre=, the words of each joined by blanks. */
  readonly startPre?: readonly string[];
  readonly fragmentPath: string;
  readonly dropInPaths: readonly string[];
  /** It has IPAddressDeny=, so systemd drops packets to and from its processes. */
  readonly deniesAddresses?: boolean;
  /** How many ExecStart= are in force. With more than one, systemd does not start the unit again. */
  readonly execStarts: number;
  /** A file of the unit was written since systemd loaded it (NeedDaemonReload). */
  readonly needsReload: boolean;
  /** When the unit's state last changed, on the monotonic clock; 0: never. */
  readonly stateSinceMs: number;
}

/** How the main process of a start of the unit ended. */
export interface Ending {
  /** A person or program stopped or restarted the unit through systemd. */
  readonly isByJob: boolean;
  /** `exited`: the process exited with the code `status`; `killed` or `dumped`: the signal of number `status` ended it. */
  readonly code: 'exited' | 'killed' | 'dumped';
  readonly status: number;
  /** systemd's Result for it: `success`, `exit-code`, `signal`, `oom-kill`, `watchdog` and others. */
  readonly result: string;
}

/** systemd on the host. */
export interface Systemd {
  /** Throws when the host's systemd does not answer. */
  status(unit: string): Promise<UnitStatus>;
  /** systemd's own version, which decides the grammar of environment files. */
  version(): Promise<number>;
  /** Names of the loaded services that match a glob pattern. */
  services(pattern: string): Promise<readonly string[]>;
  /** Restarts the unit if it runs. Throws with systemctl's output when it exits non-zero. */
  tryRestart(unit: string): Promise<void>;
  /** Starts a failed unit that systemd no longer restarts. Throws as above. */
  startFailed(unit: string): Promise<void>;
  /** The last lines that a start of the unit logged, oldest first; 60 when no number is given. */
  journal(
    start: Pick<UnitStatus, 'name' | 'invocationId' | 'lastPid'>,
    lines?: number,
  ): Promise<readonly string[]>;
  /** How this start of the unit has ended; undefined when systemd knows nothing of its end. */
  ending(start: Pick<UnitStatus, 'name' | 'invocationId'>): Promise<Ending | undefined>;
}

export interface WriteOptions {
  /** The mode of a file that belongs to the agent; replaces the mode that it had. */
  readonly mode?: number;
  /** Fails when the folder does not exist, instead of creating it. */
  readonly needsFolder?: boolean;
  /** The content that the new bytes were made from (undefined: no file). A file with other content is not replaced. */
  readonly expected?: { readonly content: Uint8Array | undefined };
}

/**
 * Files of the host, by the host's own absolute paths. Symbolic links are followed as the host would. Throws a
 * NotRegularFileError for a path that is not a regular file, and does not open, replace or remove it.
 */
export interface HostFiles {
  /** undefined when there is no such file. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** When the content, name or owner of the file or folder last changed (ctime); undefined when there is none. */
  changedAt(path: string): Promise<Date | undefined>;
  /** The path behind symbolic links, whose last parts may not exist; the same path when none leads elsewhere. */
  realPath(path: string): Promise<string>;
  /** Matches of a glob pattern in lexical order. */
  glob(pattern: string): Promise<readonly string[]>;
  /**
   * Every path below a folder that is not a folder, or the path itself when it is not a folder, in the order of Go's filepath.WalkDir: hidden
   * files and folders too; a linked folder is returned as the link. Empty when nothing exists there.
   */
  walk(path: string): Promise<readonly string[]>;
  /**
   * Replaces the file by a rename in its own folder, fsync of both; mode, owner and extended attributes stay as
   * they were, a new file gets mode 0644, and missing folders are as open as the file. Throws a ChangedFileError,
   * and replaces nothing, when the file's content is not `expected` right before the rename.
   */
  writeAtomic(path: string, content: Uint8Array, options?: WriteOptions): Promise<void>;
  /** Removes temporary files that an interrupted `writeAtomic` of this path left beside it. */
  tidy(path: string): Promise<void>;
  /** Removes the file if it exists, and syncs its folder. Returns whether it existed. Throws a ChangedFileError as above. */
  remove(path: string, options?: Pick<WriteOptions, 'expected'>): Promise<boolean>;
  /** Creates a symbolic link, and its folder, if nothing exists at `path`. */
  link(path: string, target: string): Promise<void>;
  /** Removes the symbolic link itself if it exists, and its folder if that is then empty. */
  unlink(path: string): Promise<void>;
  /** Removes the folder and its content, if it exists. */
  removeFolder(path: string): Promise<void>;
  /** What the file system of `path` lacks for a file of that many bytes; undefined when nothing, or when that is unknown. */
  shortage(path: string, bytes: number): Promise<Shortage | undefined>;
}

/** Undoes a change on the host when the agent does not finish it; depends on neither the agent nor its image. */
export interface RollbackTimer {
  /** Every path to which `arm` writes. */
  paths(unit: string): readonly string[];
  /**
   * The change in the journal will be undone in `seconds`, or at the next boot before the kubelet starts. Restarts a timer
   * that is armed already. Rejects when one part fails, after every part has ended: `disarm` then removes them all.
   */
  arm(unit: string, file: string, seconds: number): Promise<void>;
  /** Removes the timer and the boot unit. Tries every part, and rejects when one could not be removed. */
  disarm(unit: string): Promise<void>;
  /** True while the undo script runs. */
  undoing(): Promise<boolean>;
}

/** Why a file cannot be written. `mount` is where its file system is mounted. */
export type Shortage =
  | { readonly kind: 'read-only'; readonly mount: string }
  | { readonly kind: 'bytes'; readonly mount: string; readonly free: number; readonly needed: number }
  | { readonly kind: 'inodes'; readonly mount: string };

/** Watches the host's files. */
export interface HostWatch {
  /**
   * Watches exactly these paths and the folders and links that lead to them. A path that ends in / is a folder whose entries count at any
   * depth. Does not reject when inotify is exhausted: the host's files are then polled.
   */
  watchPaths(paths: readonly string[]): Promise<void>;
  close(): void;
}

/** An executable file of the host. */
export interface Program extends ProgramFile {
  /** The path by which the agent opens it: below the host's root folder, or /proc/PID/exe for the file of a process. */
  readonly opened: string;
  /** The same for two paths of one file. */
  readonly file: string;
  /** Changes when the file or its attributes do. */
  readonly version: string;
}

/** What a program printed before it ended. */
export interface ProgramAnswer {
  readonly ok: boolean;
  /** Standard output; of a program that failed, standard error. */
  readonly output: string;
}

/** A Linux security module that enforces, and its label for the agent's own process. */
export interface Confinement {
  readonly module: 'SELinux' | 'AppArmor';
  readonly label: string;
  /** Whether it is the SELinux type that the agent's manifest asks for: then the policy of the node lacks rules for that type. */
  readonly isOwnType?: boolean;
}

/** Processes of the host. */
export interface Processes {
  /** The argv of a process; undefined when it is gone. */
  argv(pid: number): Promise<readonly string[] | undefined>;
  /** A variable of the process's environment as it was at its start; undefined when it has none. */
  environment(pid: number, name: string): Promise<string | undefined>;
  /** The file that the host runs for this path, or for a name without a slash; undefined when there is none. */
  programAt(path: string): Promise<Program | undefined>;
  /** The file that a process runs, also when it was replaced since; undefined when the process is gone. */
  programOf(pid: number): Promise<Program | undefined>;
  /**
   * What this kubelet prints for `<flags> --version`. Runs it once for each version of the file; never with `run: false`, and is then
   * undefined unless it is known. Throws when it cannot be run, does not end, or was replaced since it was found.
   */
  kubeletVersion(
    kubelet: Program,
    flags: readonly string[],
    options: { readonly run: boolean },
  ): Promise<ProgramAnswer | undefined>;
  /** What confines the agent's own process; undefined when nothing does that could be read. */
  confinement(): Promise<Confinement | undefined>;
  /** The running kernel's release, as uname prints it. */
  kernelRelease(): Promise<string>;
}

/** The kubelet's own health endpoint on this node. */
export interface Health {
  /** True when GET http://address:port/healthz answers 200 within `timeoutMs`, else false. */
  ok(address: string, port: number, timeoutMs: number): Promise<boolean>;
}

/** This node's Node object: metadata only. */
export interface NodeObject {
  readonly name: string;
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** A pod as its kubelet reports it. */
export interface SeenPod {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  /** It was deleted and is terminating. */
  readonly isEnding: boolean;
  readonly phase: string;
  /** Why the kubelet failed it, such as `NodeAffinity`; empty when its own containers failed. */
  readonly reason: string;
  /** The kubelet reports its containers, in any state, waiting ones too. */
  readonly hasContainers: boolean;
  /** The kubelet reported containers earlier, when the pod had not failed: a restarted kubelet reports containers of pods that never ran. */
  readonly hadContainers: boolean;
}

/** A pod that this node's kubelet refused for a sysctl. */
export interface RefusedPod {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  /** UID of the controller that made it, or its own. */
  readonly owner: string;
  readonly createdAt: Date;
  /** Names, in the order in which the kubelet judges them. */
  readonly sysctls: readonly string[];
  /** The kubelet's own words. */
  readonly message: string;
}

/** The condition Ready of a Node; its times are whole seconds. */
export interface Readiness {
  readonly ready: boolean;
  /** When the status last changed. */
  readonly since: Date;
  /** When the kubelet last reported it. */
  readonly reported: Date;
  readonly message: string;
}

/** Watches this node's pods from its creation on; reconnects silently. */
export interface PodsWatch {
  /** Resolves with the pods for which `counts` is true, as soon as there are any; empty when there are none within `waitMs`. */
  found(counts: (pod: SeenPod) => boolean, waitMs: number): Promise<readonly SeenPod[]>;
  stop(): void;
}

/** The Kubernetes API, in the few verbs that the agent uses. */
export interface Cluster {
  /**
   * Merges the given keys into this Node's annotations and labels; null removes a key. Rejects with an ApiError.
   */
  patchNode(patch: {
    readonly annotations: Readonly<Record<string, string | null>>;
    readonly labels: Readonly<Record<string, string | null>>;
  }): Promise<void>;
  /** The last condition that the watch reported, without a request; undefined when there is none yet. */
  seenReadiness(): Readiness | undefined;
  /** Reads the condition from the API server; undefined when the Node has none yet. Rejects with an ApiError or a socket's error. */
  readiness(): Promise<Readiness | undefined>;
  /**
   * Lists this node's pods that have not ended and that set a sysctl or require something of their node. `latest` reads from etcd and costs the API server more; without it
   * the answer may be slightly stale. Rejects as above, or with a NoApiServerError.
   */
  sysctlPods(options: { readonly latest: boolean }): Promise<readonly SysctlPod[]>;
  /** Watches this node's pods that have not succeeded, until it is stopped. */
  watchPods(): PodsWatch;
  nodeEvent(node: NodeObject, note: EventDraft): Promise<void>;
  /** Writes one Event on the ConfigMap for each of its revisions, even when many nodes report the same. */
  configMapEvent(configMap: ConfigMapObject | undefined, note: EventDraft): Promise<void>;
}
