// A host and a cluster in memory: a kubelet that starts, crashes and reports its node, a simulated clock, and a record
// of all actions.

import { posix } from 'node:path';
import type { AgentPorts } from '../../agent/node/agent.ts';
import { ChangedFileError } from '../../agent/node/changed-file.ts';
import { stateStore } from '../../agent/node/state/state-store.ts';
import type {
  Clock,
  Cluster,
  Confinement,
  HostFiles,
  NodeObject,
  PodsWatch,
  Program,
  Readiness,
  SeenPod,
  Shortage,
  Ending,
  UnitStatus,
  WriteOptions,
} from '../../agent/node/ports.ts';
import type { SysctlPod } from '../../agent/plan/in-use.ts';
import { sha256Of } from '../../agent/text/hash.ts';
import { nextArgv } from '../../agent/kubelet/configured.ts';
import type { ConfigMapObject } from '../../agent/policy/config-map.ts';
import type { EventDraft } from '../../agent/report/event-draft.ts';

export const ENVIRONMENT_FILE = '/etc/default/kubelet';
/** A folder of a host whose init process is systemd. */
export const SYSTEMD_RUNS = '/run/systemd/system';
export const CONFIG_FILE = '/var/lib/kubelet/config.yaml';

const KUBELET = '/usr/bin/kubelet';

/** Returns an executable file with these first bytes, by default a binary's. */
export function fakeProgram(path: string, head = '\u{7F}ELF'): Program {
  return { path, opened: path, head, file: path, version: path };
}

const EXEC_START = [
  KUBELET,
  '$KUBELET_KUBECONFIG_ARGS',
  '$KUBELET_CONFIG_ARGS',
  '$KUBELET_KUBEADM_ARGS',
  '$KUBELET_EXTRA_ARGS',
];

/** Returns the path where an interrupted write of the file leaves its bytes. */
export function temporaryOf(path: string): string {
  return `${path}.tmp`;
}

/** Returns the log line with which a kubelet with this argv fails at its start; undefined when it starts. */
export type Crash = (argv: readonly string[]) => string | undefined;

/** Files by path, with their modification times. */
class DatedFiles extends Map<string, string> {
  readonly #changed = new Map<string, Date>();
  readonly #folders = new Set<string>();
  readonly #now: () => Date;

  constructor(now: () => Date) {
    super();
    this.#now = now;
  }

  override set(path: string, content: string): this {
    this.#changed.set(path, this.#now());
    if (!this.has(path)) {
      this.#touchFolder(path);
    }
    return super.set(path, content);
  }

  override delete(path: string): boolean {
    this.#touchFolder(path);
    return super.delete(path);
  }

  #touchFolder(path: string): void {
    const folder = posix.dirname(path);
    this.#folders.add(folder);
    this.#changed.set(folder, this.#now());
  }

  /** Makes all files older than the kubelet. */
  age(): void {
    for (const path of this.#changed.keys()) {
      this.#changed.set(path, new Date(0));
    }
  }

  /** A folder that had a file once exists. */
  changedAt(path: string): Date | undefined {
    const name = path.replace(/\/$/u, '');
    return this.has(name) || this.#folders.has(name) ? this.#changed.get(name) : undefined;
  }
}

export class FakeHost {
  readonly files = new DatedFiles(() => this.now);
  /** In order: `write PATH`, `remove PATH`, `restart`, `patch STATE`, `event REASON`. Reads are not recorded. */
  readonly actions: string[] = [];
  readonly annotations: Record<string, string> = {};
  readonly labels: Record<string, string> = { 'kubernetes.io/hostname': 'n1' };
  execStart: readonly string[] = EXEC_START;
  environment: readonly string[] = [`KUBELET_CONFIG_ARGS=--config=${CONFIG_FILE}`];
  environmentFiles: UnitStatus['environmentFiles'] = [{ path: ENVIRONMENT_FILE, optional: true }];
  version = 'Kubernetes v1.37.2';
  /** The executable files, by path. */
  programs: Record<string, Program> = { [KUBELET]: fakeProgram(KUBELET) };
  /** The path of the file that the kubelet's process runs. */
  executable = KUBELET;
  /** What confines the agent. */
  confinement: Confinement | undefined;
  /** The binaries that were asked for their version, in order. */
  readonly asked: string[] = [];
  crash: Crash = () => undefined;
  /** The lines that a kubelet logs at its start. */
  startLog: () => readonly string[] = () => [];
  /** Flags that the kubelet's binary on the disk does not know. */
  unknownFlags: readonly string[] = [];
  /** The error to throw for the action that is about to happen; undefined: none. */
  fault: (action: string) => Error | undefined = () => undefined;
  /** Number of restarts by systemd since the last explicit start. */
  autoRestarts = 0;
  /** Number of journal reads that return no line yet, because journald has not stored the kubelet's last lines. */
  journalLags = 0;
  loadState = 'loaded';
  execStarts = 1;
  dropInPaths: readonly string[] = [];
  needsReload = false;
  /** On the monotonic clock; undefined: since the kubelet's start. */
  stateSinceMs: number | undefined;
  /** What the file system of this path lacks. */
  shortage: (path: string) => Shortage | undefined = () => undefined;
  services: readonly string[] = [];
  /** How the last kubelet that ended did so, for systemd.ending. */
  ending: Ending | undefined;
  /** The error of reads of the environment file. */
  unreadable: Error | undefined;
  /** Whether the kubelet's status reports reach the API server. */
  reports = true;
  /** Resolves when systemd answers a query for a unit. */
  systemdAnswers = (): Promise<void> => Promise.resolve();
  /** Resolves when a restart has finished. */
  restarted = (): Promise<void> => Promise.resolve();
  /** Resolves when the files are watched. */
  watching = (): Promise<void> => Promise.resolve();
  apiServer = true;
  /** Resolves when the API server's answer to an accepted report arrives. */
  answering = (): Promise<void> => Promise.resolve();
  /** This node's pods at the API server; a restart does not end them here. */
  pods: readonly SysctlPod[] = [];
  /** The pods as a restarted kubelet has reported them. */
  readonly seenPods: SeenPod[] = [];
  readiness: Omit<Readiness, 'reported'> = { ready: true, since: new Date(0), message: '' };
  /** Called at every sleep, after the clock has advanced. */
  onSleep = (): void => {};
  /** Number of pod watches that were started, and of those still open. */
  readonly podWatches = { begun: 0, open: 0 };
  /** The pod lists that were requested, in order: false from the cache, true the latest. */
  readonly podLooks: boolean[] = [];
  active = true;
  /** Whether a running kubelet is healthy at its healthz endpoint. */
  healthy = (): boolean => true;
  /** The unit's state while it stops or starts: no process runs. */
  between: Pick<UnitStatus, 'activeState' | 'subState'> | undefined;
  /** systemd does not restart a failed kubelet. */
  givesUp = false;
  /** Starts until the unit's start limit is hit. */
  startsLeft = Infinity;
  now = new Date('2026-11-24T02:00:00Z');
  /** By how many ms the wall clock was set forward. */
  clockSetBy = 0;
  monotonicMs = (): number => this.now.getTime() - this.clockSetBy;
  /** The seconds of the armed rollback timer; undefined: not armed. */
  armed: number | undefined;

  readonly #editions: string[] = [];
  #argv: readonly string[] | undefined;
  #journal: string[] = [];
  #invocation = 0;
  #startedMs = 0;
  #reported = new Date(0);
  readonly #timers = new Set<{ due: number; callback: () => void }>();

  constructor(files: Readonly<Record<string, string>> = {}) {
    this.files.set(CONFIG_FILE, 'kind: KubeletConfiguration\n');
    this.files.set(SYSTEMD_RUNS, '');
    for (const [path, content] of Object.entries(files)) {
      this.files.set(path, content);
    }
    this.files.age();
  }

  /** Starts the kubelet as a boot or an administrator does; not recorded as an action. */
  startKubelet(): this {
    this.#invocation += 1;
    this.#startedMs = this.monotonicMs();
    this.now = new Date(this.now.getTime() + 300);
    const argv = nextArgv(this.#unit());
    const unknown = this.unknownFlags.find((name) => argv.some((word) => word.startsWith(`--${name}`)));
    const line =
      unknown === undefined
        ? this.crash(argv)
        : `E run.go:72] "command failed" err="failed to parse kubelet flag: unknown flag: --${unknown}"`;
    this.#argv = line === undefined ? argv : undefined;
    this.#journal = [...this.startLog(), ...(line === undefined ? [] : [line])];
    if (line === undefined && this.reports) {
      this.#reported = new Date(Math.floor(this.now.getTime() / 1000) * 1000);
    }
    return this;
  }

  /** Another program ends the kubelet; systemd starts no other one yet. */
  endKubelet(ending: Ending): void {
    this.#argv = undefined;
    this.#journal = [];
    this.ending = ending;
  }

  get runningArgv(): readonly string[] | undefined {
    return this.#argv;
  }

  /** Advances the clock and calls the timers that are due, in order. */
  advance(ms: number): void {
    const end = this.now.getTime() + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(({ due }) => due <= end).toSorted((a, b) => a.due - b.due);
      if (next === undefined) {
        break;
      }
      this.#timers.delete(next);
      this.now = new Date(Math.max(next.due, this.now.getTime()));
      next.callback();
    }
    this.now = new Date(end);
  }

  get restarts(): number {
    return this.actions.filter((action) => action === 'restart').length;
  }

  node(): NodeObject {
    return { name: 'n1', uid: 'uid-n1', labels: { ...this.labels }, annotations: { ...this.annotations } };
  }

  configMap(data: Readonly<Record<string, string>>): ConfigMapObject {
    const text = JSON.stringify(data);
    if (this.#editions.at(-1) !== text) {
      this.#editions.push(text);
    }
    const resourceVersion = String(this.#editions.length);
    return { namespace: 'agent', name: 'kubelet-sysctls', uid: 'uid-cm', resourceVersion, data };
  }

  ports(): AgentPorts {
    const files = this.#hostFiles();
    return {
      files,
      stateStore: stateStore(files),
      systemd: {
        status: async (unit) => {
          await this.systemdAnswers();
          return this.#status(unit);
        },
        version: () => Promise.resolve(252),
        services: () => Promise.resolve(this.services),
        tryRestart: async () => {
          this.#do('restart');
          const failed = this.givesUp && this.#argv === undefined;
          if (this.active && !failed) {
            this.#expectStart();
            // The old kubelet's stop takes time.
            this.now = new Date(this.now.getTime() + 1);
            this.startKubelet();
          }
          await this.restarted();
        },
        startFailed: async () => {
          this.#do('start failed');
          this.startsLeft = Infinity;
          this.startKubelet();
        },
        ending: () => Promise.resolve(this.ending),
        journal: async () => {
          this.journalLags -= 1;
          return this.journalLags >= 0 ? [] : this.#journal;
        },
      },
      processes: {
        argv: (pid) => Promise.resolve(pid === this.#pid() ? this.#argv : undefined),
        environment: (pid, name) =>
          Promise.resolve(
            pid === this.#pid() && name === 'INVOCATION_ID' ? this.#status('').invocationId : undefined,
          ),
        programAt: async (path) => this.programs[path],
        programOf: async (pid) => (pid === this.#pid() ? this.programs[this.executable] : undefined),
        kubeletVersion: async ({ opened }, flags, { run }) => {
          if (!run) {
            return undefined;
          }
          this.asked.push(opened);
          const refused = this.unknownFlags.find((name) =>
            flags.some((flag) => flag.startsWith(`--${name}`)),
          );
          return refused === undefined
            ? { ok: true, output: this.version }
            : { ok: false, output: `Error: unknown flag: --${refused}` };
        },
        confinement: () => Promise.resolve(this.confinement),
        kernelRelease: () => Promise.resolve('6.1.0-18-amd64'),
      },
      rollbackTimer: {
        paths: (unit) => [`/etc/systemd/system/${unit}.wants/undo.service`],
        arm: async (_unit, _file, seconds) => {
          this.#do('arm');
          this.armed = seconds;
        },
        disarm: async () => {
          if (this.armed !== undefined) {
            this.#do('disarm');
          }
          this.armed = undefined;
        },
        undoing: () => Promise.resolve(false),
      },
      health: { ok: async () => this.#argv !== undefined && this.healthy() },
      clock: this.#clock(),
      cluster: this.#cluster(),
      watch: { watchPaths: () => this.watching(), close: () => {} },
      random: () => 0.5,
      log: { info: () => {}, warn: () => {} },
    };
  }

  #do(action: string): void {
    const error = this.fault(action);
    if (error !== undefined) {
      throw error;
    }
    this.actions.push(action);
  }

  /** Throws as systemctl does when the unit was started too often; the unit is then stopped. */
  #expectStart(): void {
    if (this.startsLeft === 0) {
      this.givesUp = true;
      this.#argv = undefined;
      throw new Error(
        'systemctl try-restart kubelet.service exited with 1: start request repeated too quickly',
      );
    }
    this.startsLeft -= 1;
  }

  #pid(): number {
    return this.#argv === undefined ? 0 : 1000 + this.#invocation;
  }

  #unit(): Parameters<typeof nextArgv>[0] {
    return {
      name: 'kubelet.service',
      execStart: this.execStart,
      environment: this.environment,
      environmentFiles: this.environmentFiles.map(({ path, optional }) => ({
        path,
        optional,
        fromGlob: false,
        content: this.#bytes(path),
      })),
      systemdVersion: 252,
    };
  }

  #status(name: string): UnitStatus {
    const runs = this.#argv !== undefined;
    return {
      name,
      loadState: this.loadState,
      activeState: !this.active ? 'inactive' : runs ? 'active' : this.givesUp ? 'failed' : 'activating',
      subState: !this.active ? 'dead' : runs ? 'running' : 'auto-restart',
      result: runs ? 'success' : 'exit-code',
      mainPid: this.#pid(),
      lastPid: 1000 + this.#invocation,
      startedMs: this.#startedMs,
      invocationId: String(this.#invocation).padStart(32, '0'),
      restarts: this.autoRestarts,
      execStart: this.execStart,
      environment: this.environment,
      environmentFiles: this.environmentFiles,
      fragmentPath: '/usr/lib/systemd/system/kubelet.service',
      dropInPaths: this.dropInPaths,
      ...(this.between && { ...this.between, mainPid: 0 }),
      execStarts: this.execStarts,
      needsReload: this.needsReload,
      stateSinceMs: this.stateSinceMs ?? this.#startedMs,
    };
  }

  #bytes(path: string): Uint8Array | undefined {
    const content = this.files.get(path);
    return content === undefined ? undefined : Buffer.from(content);
  }

  #expect(path: string, expected: WriteOptions['expected']): void {
    if (expected !== undefined && sha256Of(this.#bytes(path)) !== sha256Of(expected.content)) {
      throw new ChangedFileError(path);
    }
  }

  #hostFiles(): HostFiles {
    return {
      read: async (path) => {
        if (path === ENVIRONMENT_FILE && this.unreadable !== undefined) {
          throw this.unreadable;
        }
        return this.#bytes(path);
      },
      changedAt: async (path) => this.files.changedAt(path),
      realPath: (path) => Promise.resolve(path),
      glob: async (pattern) => {
        const [begin = '', end = ''] = pattern.split('*');
        return [...this.files.keys()]
          .filter((path) => path.startsWith(begin) && path.endsWith(end))
          .toSorted();
      },
      walk: async (path) => [...this.files.keys()].filter((file) => file.startsWith(`${path}/`)),
      writeAtomic: async (path, content, { expected } = {}) => {
        const text = Buffer.from(content).toString();
        this.files.set(temporaryOf(path), text);
        try {
          this.#expect(path, expected);
          this.#do(`write ${path}`);
          this.files.set(path, text);
        } finally {
          this.files.delete(temporaryOf(path));
        }
      },
      remove: async (path, { expected } = {}) => {
        if (!this.files.has(path)) {
          return false;
        }
        this.#expect(path, expected);
        this.#do(`remove ${path}`);
        return this.files.delete(path);
      },
      tidy: async (path) => {
        this.files.delete(temporaryOf(path));
      },
      link: () => Promise.resolve(),
      unlink: () => Promise.resolve(),
      removeFolder: async (path) => {
        for (const file of [...this.files.keys()].filter((name) => name.startsWith(`${path}/`))) {
          this.#do(`remove ${file}`);
          this.files.delete(file);
        }
      },
      shortage: async (path) => this.shortage(path),
    };
  }

  #clock(): Clock {
    return {
      now: () => this.now,
      monotonicMs: () => this.monotonicMs(),
      sleep: (ms) => {
        this.now = new Date(this.now.getTime() + ms);
        this.onSleep();
        return Promise.resolve();
      },
      after: (ms, callback) => {
        const timer = { due: this.now.getTime() + ms, callback };
        this.#timers.add(timer);
        return () => this.#timers.delete(timer);
      },
    };
  }

  /** Returns a pods watch; waiting for a pod advances the clock. */
  #watchPods(): PodsWatch {
    const clock = this.#clock();
    this.podWatches.begun += 1;
    this.podWatches.open += 1;
    return {
      found: async (counts, waitMs) => {
        const counting = (): readonly SeenPod[] =>
          this.seenPods.filter((pod) => this.apiServer && counts(pod));
        if (counting().length === 0) {
          await clock.sleep(waitMs);
        }
        return counting();
      },
      stop: () => {
        this.podWatches.open -= 1;
      },
    };
  }

  #cluster(): Cluster {
    const answer = (action: string): void => {
      if (!this.apiServer) {
        throw new Error('connect ECONNREFUSED');
      }
      this.#do(action);
    };
    return {
      patchNode: async (patch) => {
        answer(`patch ${patch.annotations['kubelet-sysctl-agent/state'] ?? ''}`.trim());
        merge(this.annotations, patch.annotations);
        merge(this.labels, patch.labels);
        await this.answering();
      },
      seenReadiness: () => (this.apiServer ? { ...this.readiness, reported: this.#reported } : undefined),
      readiness: async () => {
        if (!this.apiServer) {
          throw new Error('connect ECONNREFUSED');
        }
        return { ...this.readiness, reported: this.#reported };
      },
      watchPods: () => this.#watchPods(),
      sysctlPods: async ({ latest }) => {
        this.podLooks.push(latest);
        if (!this.apiServer) {
          throw new Error('connect ECONNREFUSED');
        }
        const error = this.fault('pods');
        if (error !== undefined) {
          throw error;
        }
        return this.pods;
      },
      nodeEvent: async (_node, note: EventDraft) => answer(`event ${note.reason}`),
      configMapEvent: async (_configMap, note: EventDraft) => answer(`configmap-event ${note.reason}`),
    };
  }
}

function merge(into: Record<string, string>, patch: Readonly<Record<string, string | null>>): void {
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) {
      delete into[key];
    } else {
      into[key] = value;
    }
  }
}
