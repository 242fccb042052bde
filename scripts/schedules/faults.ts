// The faults that the random schedules found once, each as an edit of today's source that puts it back.

/** `search` occurs exactly once in the file. */
export interface Edit {
  readonly file: string;
  readonly search: string;
  readonly replace: string;
}

export interface Fault {
  readonly id: string;
  /** What is wrong in the source after the edits. */
  readonly what: string;
  /** Whose schedules have to find it. */
  readonly schedules: 'node' | 'coordinator';
  /** Schedules made for it (test/node/schedule/scenario.ts); undefined: those of all plots. */
  readonly plot?: string;
  readonly edits: readonly Edit[];
  /** Found only where this invariant is broken; undefined: by any. */
  readonly invariant?: string;
}

const CONCURRENT_REPORT: Edit = {
  file: 'agent/node/change/apply.ts',
  search: '!(await saveAndCommit(ports, next.agentState, journal))',
  replace:
    '!(await Promise.all([saveAndCommit(ports, next.agentState, journal), ports.publisher.publish(next.report)]))[0]',
};

export const FAULTS: readonly Fault[] = [
  {
    id: 'E2',
    what: 'the report runs beside save and commit: when it fails, the next pass overlaps them',
    schedules: 'node',
    plot: 'E2',
    edits: [CONCURRENT_REPORT],
  },
  {
    id: 'E3',
    what: 'a temporary name is fixed, and writes of one path do not queue; two writers come from E2',
    schedules: 'node',
    plot: 'E2',
    invariant: 'own-temporary',
    edits: [
      CONCURRENT_REPORT,
      {
        file: 'agent/host/files/temporary.ts',
        search: "prefixOf(target) + randomBytes(6).toString('hex')",
        replace: "prefixOf(target) + 'new'",
      },
      {
        file: 'agent/host/files/turns.ts',
        search: '(lastOf.get(key) ?? Promise.resolve()).then(action)',
        replace: 'action()',
      },
    ],
  },
  {
    id: 'E5',
    what: 'a watch that inotify refuses fails the pass after it has acted',
    schedules: 'node',
    plot: 'E5',
    edits: [
      {
        file: 'agent/node/observe/host-observer.ts',
        search: 'new Date(ports.clock.now().getTime() + POLL_MS)',
        replace: '(() => { throw new Error(unwatched); })()',
      },
    ],
  },
  {
    id: 'E7',
    what: 'journal, timer and boot unit are made at once, the first failure counts, and no preflight checks their folders',
    schedules: 'node',
    plot: 'E7',
    edits: [
      {
        file: 'agent/node/change/arm.ts',
        search: 'await ports.stateStore.begin(journal);\n    await restartTimer(ports, journal);',
        replace: 'await Promise.all([ports.stateStore.begin(journal), restartTimer(ports, journal)]);',
      },
      {
        file: 'agent/host/rollback/rollback-timer.ts',
        search: "import { settleAll } from '../../time/settle.ts';",
        replace: 'const settleAll = (parts: readonly unknown[]): Promise<unknown> => Promise.all(parts);',
      },
      {
        file: 'agent/node/observe/files.ts',
        search: 'rollbackTimer.paths(name).map((path) => ({ path, size: 0 }))',
        replace: '[]',
      },
    ],
  },
  {
    id: 'E8',
    what: 'what the kubelet was started with is not read from state.json, and the age of its config files is not asked',
    schedules: 'node',
    plot: 'E8',
    edits: [
      {
        file: 'agent/node/observe/kubelet-process.ts',
        search: 'started?.invocation === status.invocationId',
        replace: 'false',
      },
      {
        file: 'agent/node/observe/kubelet-process.ts',
        search: 'await areOlder(ports, status, argv, config)',
        replace: 'true',
      },
    ],
  },
  {
    id: 'F17',
    what: 'a rollback restores a file only when it holds exactly what the agent wrote',
    schedules: 'node',
    plot: 'F17',
    edits: [
      {
        file: 'agent/node/change/restore.ts',
        search: 'found &&\n    revertAllowances({',
        replace: '(() => found)({',
      },
    ],
  },
  {
    id: 'x1',
    what: 'a kubelet that lives for a moment with the right list counts as Done',
    schedules: 'node',
    plot: 'x1',
    edits: [
      {
        file: 'agent/node/decide/checks.ts',
        search: 'plan.desired.length === 0 ? undefined : steadiness(context)',
        replace: 'undefined',
      },
    ],
  },
  {
    id: 'L1',
    what: 'labels are removed with the report of a change that is done, and not before its restart',
    schedules: 'node',
    plot: 'plain',
    invariant: 'labels-withdrawn',
    edits: [
      {
        file: 'agent/node/change/apply.ts',
        search: '  await withdrawLabels(ports, due);\n',
        replace: '',
      },
    ],
  },
  {
    id: 'E4',
    what: 'resource versions are compared as numbers, and a lower one is ignored',
    schedules: 'coordinator',
    edits: [
      {
        file: 'agent/rollout/apply/node-store.ts',
        search: 'known?.replaced.includes(seen.resourceVersion) === true',
        replace: 'Number(seen.resourceVersion) < Number(known?.seen.resourceVersion)',
      },
    ],
  },
];
