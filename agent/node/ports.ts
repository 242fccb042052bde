// What one node's use cases ask of the outside world. host/ and cluster/ implement these; tests fake them.

import type { SysctlPod } from '../plan/in-use.ts';
import type { EventReason } from '../names.ts';

export type { Clock } from '../time/clock.ts';

/** What systemd says of the kubelet's unit now. Strings and arrays are as on the bus, variables unexpanded. */
export interface UnitStatus {
  readonly name: string;
  readonly loadState: string;
  readonly activeState: string;
  readonly subState: string;
  readonly result: string;
  /** 0 while no main process runs. */
  readonly mainPid: number;
  /** Of the last main process, also when it has ended; 0 when there was none. */
  readonly lastPid: number;
  /** When the last main process was started, by the clock that never goes back; 0 when there was none. */
  readonly startedMs: number;
  /** 32 hexadecimal digits; empty while the unit never ran. */
  readonly invocationId: string;
  /** How often systemd has started it again by itself since a person or program last started it. */
  readonly restarts: number;
  readonly execStart: readonly string[];
  readonly environment: readonly string[];
  readonly environmentFiles: readonly { readonly path: string; readonly optional: boolean }[];
  readonly fragmentPath: string;
  readonly dropInPaths: readonly string[];
}

/** systemd on the host. */
export interface Systemd {
  /** Throws when the host's systemd cannot be asked. */
  status(unit: string): Promise<UnitStatus>;
  /** systemd's own version, for the grammar of environment files. */
  version(): Promise<number>;
  /** Names of the loaded services that match a glob pattern. */
  services(pattern: string): Promise<readonly string[]>;
  /** Restarts the unit if it runs; throws with systemctl's words when it exits non-zero. */
  tryRestart(unit: string): Promise<void>;
  /** Starts a unit that has failed and that systemd has given up. Throws as above. */
  startFailed(unit: string): Promise<void>;
  /** The last lines that a start of the unit logged, oldest first. */
  journal(start: Pick<UnitStatus, 'name' | 'invocationId' | 'lastPid'>): Promise<readonly string[]>;
}

export interface WriteOptions {
  /** The file is ours alone and gets this mode, whatever it had. */
  readonly mode?: number;
  /** The content that the new bytes were made from (undefined: no file). Another content is not replaced. */
  readonly expected?: { readonly content: Uint8Array | undefined };
}

/**
 * Files of the host, by the host's own absolute paths. Symbolic links are followed as the host would. Whatever is no regular
 * file is neither opened nor replaced nor removed: a NotRegularFileError is thrown.
 */
export interface HostFiles {
  /** undefined when there is no such file. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** When the file or folder was last changed, be it its content, name or owner (ctime); undefined when there is none. */
  changedAt(path: string): Promise<Date | undefined>;
  /** Matches of a glob pattern in lexical order. */
  glob(pattern: string): Promise<readonly string[]>;
  /**
   * All that is below the path and no folder, or the path itself where it is none, in the order of Go's filepath.WalkDir: hidden files and
   * folders too, a linked folder as the link that it is. Empty where nothing is there.
   */
  walk(path: string): Promise<readonly string[]>;
  /**
   * Replaces the file by a rename in its own folder, fsync of both; mode, owner and extended attributes stay as
   * they were, a new file gets mode 0644, and missing folders are as open as the file. Throws a ChangedFileError,
   * and replaces nothing, when the file does not have the `expected` content right before the rename.
   */
  writeAtomic(path: string, content: Uint8Array, options?: WriteOptions): Promise<void>;
  /** Removes what a `writeAtomic` of this path that was cut off has left beside it. */
  tidy(path: string): Promise<void>;
  /** Removes the file if it is there, and syncs its folder. True when it was there. Throws a ChangedFileError as above. */
  remove(path: string, options?: Pick<WriteOptions, 'expected'>): Promise<boolean>;
  /** Makes a symbolic link, and its folder, if there is nothing at `path`. */
  link(path: string, target: string): Promise<void>;
  /** Removes the symbolic link itself if it is there, and its folder if that is empty then. */
  unlink(path: string): Promise<void>;
  /** Removes the folder and all that is in it, if it is there. */
  removeFolder(path: string): Promise<void>;
  /** What the file system lacks that a file of so many bytes would be written to; undefined when nothing, or when it cannot be told. */
  shortage(path: string, bytes: number): Promise<Shortage | undefined>;
}

/** What undoes a change on the host when the agent does not finish it; it needs nothing of the agent or its image. */
export interface RollbackTimer {
  /** Every path that `arm` writes to. */
  paths(unit: string): readonly string[];
  /**
   * From now on the change in the journal is undone in `seconds`, or at the next boot before the kubelet starts. One that
   * is armed already starts again. Rejects when one part of it fails, once every part has ended: `disarm` then removes them all.
   */
  arm(unit: string, file: string, seconds: number): Promise<void>;
  /** Leaves nothing of it on the host. Tries every part, and rejects when one could not be removed. */
  disarm(unit: string): Promise<void>;
  /** True while it works. */
  undoing(): Promise<boolean>;
}

/** Why a file cannot be written. `mount` is where its file system is mounted. */
export type Shortage =
  | { readonly kind: 'read-only'; readonly mount: string }
  | { readonly kind: 'bytes'; readonly mount: string; readonly free: number; readonly needed: number }
  | { readonly kind: 'inodes'; readonly mount: string };

/** Changes of the host's files. */
export interface HostWatch {
  /**
   * Watches exactly these paths from now on, and all that leads to them; one that ends in / is a folder of which every entry counts, at any
   * depth. Does not reject where inotify is exhausted: the host's files are then polled.
   */
  watchPaths(paths: readonly string[]): Promise<void>;
  close(): void;
}

/** Processes of the host. */
export interface Processes {
  /** The argv of a process; undefined when it is gone. */
  argv(pid: number): Promise<readonly string[] | undefined>;
  /** One variable of a process's environment at its start. */
  environment(pid: number, name: string): Promise<string | undefined>;
  /** What the kubelet's binary prints for `<argv0> <flags> --version`; throws with its words when it refuses. */
  kubeletVersion(binary: string, flags: readonly string[]): Promise<string>;
  /** The running kernel's release, as uname says it. */
  kernelRelease(): Promise<string>;
}

/** The kubelet's own health endpoint on this node. */
export interface Health {
  /** True when GET http://address/healthz answers 200; false for anything else, within `timeoutMs`. */
  ok(address: string, port: number, timeoutMs: number): Promise<boolean>;
}

/** What the cluster says of this node: metadata only. */
export interface NodeObject {
  readonly name: string;
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** A pod as its kubelet tells of it. */
export interface SeenPod {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  /** Somebody has deleted it, and it is being ended. */
  readonly isEnding: boolean;
  readonly phase: string;
  /** The kubelet's word for why it failed, such as `NodeAffinity`; empty where its containers failed by themselves. */
  readonly reason: string;
  /** The kubelet tells of its containers, be it that they wait. */
  readonly hasContainers: boolean;
  /** It did so earlier, of a pod that had not failed: a restarted kubelet tells of containers of pods that never ran. */
  readonly hadContainers: boolean;
}

/** The condition Ready of a Node; its times are whole seconds. */
export interface Readiness {
  readonly ready: boolean;
  /** When it became what it is. */
  readonly since: Date;
  /** When the kubelet said so last. */
  readonly reported: Date;
  readonly message: string;
}

/** The policy's ConfigMap as the API server has it. */
export interface ConfigMapObject {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly data: Readonly<Record<string, string>>;
}

export interface EventDraft {
  readonly type: 'Normal' | 'Warning';
  readonly reason: EventReason;
  readonly message: string;
}

/** This node's pods, followed from some moment on; what cuts it off is mended without a word. */
export interface PodsWatch {
  /** Those that count, as soon as there are any; empty when there are none within `waitMs`. */
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
  /** As the API server has told of it last, without a request; undefined when it has not, or the Node has no such condition yet. */
  seenReadiness(): Readiness | undefined;
  /** Asked for. undefined when the Node has no such condition yet. Rejects with an ApiError or a socket's error. */
  readiness(): Promise<Readiness | undefined>;
  /**
   * This node's pods that have not ended and that set a sysctl. `latest` costs the API server more: without it the answer may be
   * some moments old. Rejects as above.
   */
  sysctlPods(options: { readonly latest: boolean }): Promise<readonly SysctlPod[]>;
  /** Follows this node's pods that have not succeeded until it is stopped. */
  watchPods(): PodsWatch;
  nodeEvent(node: NodeObject, note: EventDraft): Promise<void>;
  /** Writes one Event on the ConfigMap for one of its revisions, however many nodes say the same. */
  configMapEvent(configMap: ConfigMapObject | undefined, note: EventDraft): Promise<void>;
}

/** Where the agent says what it does; facts first, as pino has it. */
export interface AgentLog {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
}
