// The ports of one agent's process: each call of them is a step of the schedule.

import { HostCommandError, type RunOnHost } from '../../../agent/host/commands.ts';
import { hostFiles } from '../../../agent/host/files/files.ts';
import { TEMPORARY_MARK } from '../../../agent/host/files/temporary.ts';
import { BOOT_UNIT, UNDO_SCRIPT_FILE, UNITS_FOLDER } from '../../../agent/host/rollback/rollback-script.ts';
import { hostRollbackTimer } from '../../../agent/host/rollback/rollback-timer.ts';
import type { AgentPorts } from '../../../agent/node/agent.ts';
import { JOURNAL_FILE, stateStore } from '../../../agent/node/state/state-store.ts';
import type { Cluster, HostFiles, HostWatch, Shortage, Systemd } from '../../../agent/node/ports.ts';
import { KEYS, STATE_DIR } from '../../../agent/names.ts';
import type { AgentProcess, Calls, NowCall } from './model/calls.ts';
import { fakeProgram } from '../../../scripts/fakes/fake-host.ts';
import { errno } from './model/disk.ts';
import { type Mount, type MountCall, mounts } from './model/fs-promises.ts';
import { CONFIG_FILE, ENVIRONMENT_FILE } from './model/kubelet.ts';
import type { Violations } from './invariants.ts';
import type { PassOrder } from './pass-order.ts';
import type { World } from './model/world.ts';

const HOST_COMMAND_MS = 40;
const API_MS = 30;
const INOTIFY_MS = 1;

export interface PortsContext {
  readonly world: World;
  readonly calls: Calls;
  readonly process: AgentProcess;
  readonly violations: Violations;
  readonly order: PassOrder;
  /** Called when the agent restarts the kubelet. */
  readonly onRestart: () => void;
  readonly onPatch: (reason: string, state: string) => void;
  /** Something that this agent watches has changed. */
  readonly onHostChange: () => void;
}

export interface ModelledPorts {
  readonly ports: AgentPorts;
  readonly release: () => void;
}

export function modelledPorts(context: PortsContext): ModelledPorts {
  const { world, calls, process } = context;
  const root = mounts.add(mountOf(context));
  const run = commandsOf(context);
  const files = filesOf(context, hostFiles(root, run));
  const clock = world.simulation.clock(() => process.isAlive);
  return {
    release: () => mounts.remove(root),
    ports: {
      files,
      stateStore: context.order.watched(stateStore(files)),
      systemd: systemdOf(context),
      processes: {
        argv: (pid) =>
          step(context, 'process', 0, () =>
            world.kubelet.process?.pid === pid ? world.kubelet.process.argv : undefined,
          ),
        environment: (pid, name) =>
          step(context, 'process', 0, () =>
            world.kubelet.process?.pid === pid && name === 'INVOCATION_ID'
              ? world.kubelet.invocationId
              : undefined,
          ),
        programAt: (path) => Promise.resolve(fakeProgram(path)),
        programOf: () => Promise.resolve(fakeProgram('/usr/bin/kubelet')),
        kubeletVersion: () => Promise.resolve({ ok: true, output: 'Kubernetes v1.37.2' }),
        confinement: async () => undefined,
        kernelRelease: () => Promise.resolve('6.1.0-18-amd64'),
      },
      rollbackTimer: hostRollbackTimer(files, run),
      // A kubelet that does not answer is not healthy, for any reason.
      health: { ok: () => step(context, 'health', 1, () => world.kubelet.isHealthy).catch(() => false) },
      clock,
      cluster: clusterOf(context, (ms) => clock.sleep(ms)),
      watch: watchOf(context),
      random: () => calls.random(),
      log: { info: () => {}, warn: () => {} },
    },
  };
}

function step<T>(
  { calls, process }: PortsContext,
  kind: string,
  usualMs: number,
  effect: () => T | Promise<T>,
  error: () => Error = () => new HostCommandError([kind], 1, 'it failed', undefined),
): Promise<T> {
  return calls.make(process, { kind, usualMs, effect, error });
}

function mountOf(context: PortsContext): Mount {
  const { world, violations, calls, process } = context;

  function clash(call: MountCall, error: unknown): void {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const isClash =
      (call.name === 'open' && code === 'EEXIST') || (call.name === 'rename' && code === 'ENOENT');
    if (isClash && call.isWrite && process.isAlive && !world.undo.isUndoing) {
      violations.add('own-temporary', `${call.name} ${call.path}: ${code}`);
    }
  }

  const callOf = <T>(call: MountCall, effect: () => T): NowCall<T> => ({
    kind: `${call.isWrite ? 'write' : 'read'} ${fileKind(call.path)}`,
    effect: () => {
      try {
        return effect();
      } catch (error) {
        clash(call, error);
        throw error;
      }
    },
    error: () => errno(call.isWrite ? 'ENOSPC' : 'EIO', call.path),
  });

  return {
    disk: world.disk,
    step: async (call, effect) =>
      calls.make(process, { ...callOf(call, effect), usualMs: 0, isAtomic: true }),
    now: (call, effect) => calls.makeNow(process, callOf(call, effect)),
  };
}

const KINDS: readonly (readonly [string, string])[] = [
  [ENVIRONMENT_FILE, 'file'],
  [CONFIG_FILE, 'config'],
  [`${STATE_DIR}/state.json`, 'state'],
  [JOURNAL_FILE, 'journal'],
  [`${UNITS_FOLDER}/${BOOT_UNIT}`, 'boot unit'],
  [UNDO_SCRIPT_FILE, 'script'],
];

/** A temporary file counts as the file to which it will be renamed. */
function fileKind(path: string): string {
  const [folderAndName = path] = path.split(TEMPORARY_MARK);
  const target = folderAndName === path ? path : folderAndName.replace(/\/\.(?=[^/]*$)/u, '/');
  return KINDS.find(([known]) => target === known || target.startsWith(`${known}.`))?.[1] ?? 'other';
}

function filesOf({ world }: PortsContext, files: HostFiles): HostFiles {
  const { units } = world.setup;
  const shortage: Shortage =
    units === 'full'
      ? { kind: 'bytes', mount: UNITS_FOLDER, free: 0, needed: 1 }
      : { kind: 'read-only', mount: UNITS_FOLDER };
  return {
    ...files,
    shortage: (path) =>
      Promise.resolve(units !== 'writable' && path.startsWith(UNITS_FOLDER) ? shortage : undefined),
  };
}

function commandsOf(context: PortsContext): RunOnHost {
  return (argv) =>
    step(
      context,
      'host command',
      HOST_COMMAND_MS,
      () => context.world.undo.run(argv),
      () => new HostCommandError(argv, undefined, 'it timed out', undefined),
    );
}

function systemdOf(context: PortsContext): Systemd {
  const { kubelet } = context.world;
  const restart = (): Promise<void> => {
    if (context.process.isAlive) {
      context.onRestart();
    }
    const restarted = step(context, 'restart', HOST_COMMAND_MS, () => kubelet.tryRestart('agent'));
    return context.order.during('restart', restarted);
  };
  return {
    status: (unit) => {
      context.order.observes();
      return step(context, 'systemd status', 10, () => ({ ...kubelet.status(), name: unit }));
    },
    version: () => Promise.resolve(252),
    services: () => Promise.resolve([]),
    tryRestart: restart,
    startFailed: restart,
    // Here a kubelet ends by its own error or by a job of the agent, of a person or of the undo script.
    ending: () => step(context, 'kubelet log', HOST_COMMAND_MS, () => kubelet.ending()),
    journal: () => step(context, 'kubelet log', HOST_COMMAND_MS, () => kubelet.log()),
  };
}

function clusterOf(context: PortsContext, sleep: (ms: number) => Promise<void>): Cluster {
  const { cluster, kubelet } = context.world;
  const ask = <T>(kind: string, effect: () => T): Promise<T> =>
    step(context, kind, API_MS, effect, () => new Error('connect ECONNREFUSED'));
  return {
    patchNode: (patch) => {
      const { 'kubelet-sysctl-agent/reason': reason, 'kubelet-sysctl-agent/state': state } =
        patch.annotations;
      context.onPatch(reason ?? '', state ?? cluster.annotations[KEYS.state] ?? '');
      return ask('patch node', () => cluster.patchNode(patch));
    },
    seenReadiness: () => kubelet.readiness(),
    readiness: () => ask('readiness', () => kubelet.readiness()),
    sysctlPods: () => ask('pods', () => cluster.sysctlPods()),
    watchPods: () => cluster.watchPods(sleep),
    nodeEvent: (_node, note) => ask('event', () => cluster.event(note)),
    configMapEvent: (_configMap, note) => ask('event', () => cluster.event(note)),
  };
}

function watchOf(context: PortsContext): HostWatch {
  const { world, process } = context;
  let watched: readonly string[] = [];
  world.disk.onChange((path) => {
    const counts = watched.some((one) => (one.endsWith('/') ? path.startsWith(one) : path === one));
    if (counts && process.isAlive) {
      world.simulation.after(INOTIFY_MS, () => process.isAlive && context.onHostChange());
    }
  });
  return {
    watchPaths: (paths) =>
      step(
        context,
        'watch',
        0,
        () => {
          if (world.setup.inotifyExhausted) {
            throw errno('EMFILE', 'watch');
          }
          watched = paths;
        },
        () => errno('ENOSPC', 'watch'),
      ),
    close: () => {
      watched = [];
    },
  };
}
