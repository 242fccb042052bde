// What a schedule is made of: a node, what people do on it, and what goes wrong, all drawn by fast-check so that a failing
// schedule shrinks and can be replayed.

import { fc } from '@fast-check/vitest';
import { ANY_KIND, type CallFault, FAULTS, type Kill, type Outage } from './model/calls.ts';

/** The sysctls that policies, config files and pods name here. */
export const SYSCTLS = ['net.core.somaxconn', 'kernel.sem', 'kernel.msgmax'] as const;
/** The agent takes it for a good one; a kubelet may refuse it. */
export const REFUSED_SYSCTL = 'fs.mqueue.msg_max';

export interface PolicyData {
  readonly list: readonly string[];
  readonly nodeSoakSeconds: number;
  readonly inUse: 'Block' | 'Proceed';
}

/** What someone does on the node or in the cluster. */
export type Action =
  | { readonly do: 'edit policy'; readonly list: readonly string[] }
  | { readonly do: 'break policy' }
  | { readonly do: 'ask for Restore' }
  | { readonly do: 'edit file'; readonly edit: 'add a line' | 'add a flag' | 'remove our flag' }
  | { readonly do: 'edit config'; readonly list: readonly string[] }
  /** Something touches a watched file. */
  | { readonly do: 'touch' }
  | { readonly do: 'start pod'; readonly sysctl: string }
  | { readonly do: 'end pod' }
  | { readonly do: 'restart kubelet' }
  | { readonly do: 'ask for a retry' }
  /** An upgrade: the agent is ended and another one starts. */
  | { readonly do: 'replace agent'; readonly downMs: number };

export type TimedAction = Action & { readonly atMs: number };

/** A node that stays as it is for the whole schedule. */
export interface NodeSetup {
  /** undefined: there is no environment file. */
  readonly file: string | undefined;
  /** The list of config.yaml; empty: it has none. */
  readonly config: readonly string[];
  readonly policy: PolicyData;
  readonly healthyAfterMs: number;
  readonly restartMs: number;
  /** A kubelet with REFUSED_SYSCTL in its list ends after so many ms of being healthy; 0: it never is. */
  readonly refusedAfterMs: number;
  /** ExecStartPre= edits the environment file at each start. */
  readonly editsAtStart: boolean;
  readonly inotifyExhausted: boolean;
  /** /etc/systemd/system. */
  readonly units: 'writable' | 'read-only' | 'full';
}

export interface Scenario {
  /** Of the usual durations. */
  readonly seed: number;
  readonly node: NodeSetup;
  readonly actions: readonly TimedAction[];
  readonly faults: readonly CallFault[];
  readonly outages: readonly Outage[];
  readonly kills: readonly Kill[];
}

/**
 * What a schedule can be made for: the faults of the issue by their ids; `plain`: a node with nothing odd about it, on which calls
 * fail, agents are killed and people edit; `any`: the same on nodes of all kinds.
 */
export const PLOTS = ['any', 'plain', 'E1', 'E2', 'E5', 'E7', 'E8', 'F17', 'x1'] as const;
export type PlotName = (typeof PLOTS)[number];

/** The ingredients of one kind of trouble. */
interface Plot {
  readonly node: Partial<NodeSetup>;
  readonly actions: readonly TimedAction[];
  readonly faults: readonly CallFault[];
  readonly outages: readonly Outage[];
}

const NO_PLOT: Plot = { node: {}, actions: [], faults: [], outages: [] };

const PLAIN_NODE = {
  refusedAfterMs: 0,
  editsAtStart: false,
  inotifyExhausted: false,
  units: 'writable',
} as const satisfies Partial<NodeSetup>;

/** The kinds of calls that faults and kills are drawn for. */
const KINDS = [
  'patch node',
  'event',
  'pods',
  'readiness',
  'systemd status',
  'restart',
  'host command',
  'read file',
  'write file',
  'read state',
  'write state',
  'write journal',
  'write boot unit',
  'write script',
  'read config',
  'health',
  'process',
  'watch',
] as const;

const list = fc.subarray<string>([...SYSCTLS], { minLength: 1 });
const listWithRefused = fc.subarray<string>([...SYSCTLS, REFUSED_SYSCTL], { minLength: 1 });
const soak = fc.constantFrom(0, 0, 1, 10);

const node: fc.Arbitrary<NodeSetup> = fc.record({
  file: fc.constantFrom<(string | undefined)[]>(
    'KUBELET_EXTRA_ARGS=--node-ip=10.0.0.11\n',
    '# by the installer\nKUBELET_EXTRA_ARGS="--node-ip=10.0.0.11 --v=2"\n',
    undefined,
  ),
  config: fc.oneof(fc.constant([]), list),
  policy: fc.record<PolicyData>({
    list,
    nodeSoakSeconds: soak,
    inUse: fc.constantFrom('Block', 'Block', 'Proceed'),
  }),
  healthyAfterMs: fc.integer({ min: 20, max: 400 }),
  restartMs: fc.constantFrom(1000, 2000, 10_000),
  refusedAfterMs: fc.constantFrom(0, 0, 300, 1500),
  editsAtStart: often(1, 8),
  inotifyExhausted: often(1, 20),
  units: fc.oneof(
    { weight: 18, arbitrary: fc.constant('writable' as const) },
    { weight: 1, arbitrary: fc.constantFrom('read-only', 'full') },
  ),
});

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('edit policy' as const), list: listWithRefused }) },
  { weight: 1, arbitrary: fc.constant({ do: 'break policy' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'ask for Restore' as const }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('edit file' as const),
      edit: fc.constantFrom('add a line', 'add a flag', 'remove our flag'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('edit config' as const), list }) },
  { weight: 1, arbitrary: fc.constant({ do: 'touch' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('start pod' as const), sysctl: fc.constantFrom(...SYSCTLS) }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'end pod' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'restart kubelet' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'ask for a retry' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('replace agent' as const),
      downMs: fc.integer({ min: 0, max: 3000 }),
    }),
  },
);

const timedAction: fc.Arbitrary<TimedAction> = fc
  .tuple(action, fc.integer({ min: 500, max: 40_000 }))
  .map(([what, atMs]) => ({ ...what, atMs }));

const fault: fc.Arbitrary<CallFault> = fc.record({
  kind: fc.constantFrom(...KINDS),
  nth: fc.nat(24),
  fault: fc.constantFrom(...FAULTS),
  ms: fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 100, max: 5000 })),
});

const kill: fc.Arbitrary<Kill> = fc.oneof(
  fc.record({
    kind: fc.constant(ANY_KIND),
    nth: fc.nat(700),
    isEffective: fc.boolean(),
    downMs: fc.integer({ min: 0, max: 20_000 }),
  }),
  fc.record({
    kind: fc.constantFrom(
      'write file',
      'write state',
      'write journal',
      'restart',
      'host command',
      'patch node',
    ),
    nth: fc.nat(16),
    isEffective: fc.boolean(),
    downMs: fc.integer({ min: 0, max: 20_000 }),
  }),
);

const outage: fc.Arbitrary<Outage> = fc.record({
  kinds: fc.constantFrom<(readonly string[])[]>(
    ['patch node', 'event', 'pods', 'readiness'],
    ['systemd status'],
    ['systemd status', 'restart', 'host command'],
    ['write state', 'write journal'],
    ['write boot unit'],
  ),
  fromMs: fc.integer({ min: 0, max: 30_000 }),
  lengthMs: fc.oneof(fc.integer({ min: 10, max: 20_000 }), fc.integer({ min: 100_000, max: 400_000 })),
});

const START = 5000;

const PLOT: Readonly<Record<PlotName, fc.Arbitrary<Plot>>> = {
  any: fc.constant(NO_PLOT),
  plain: fc.constant(NO_PLOT),

  /** A policy edit is seen while systemd cannot be asked for longer than the rollback timer runs. */
  E1: fc
    .record({
      lengthMs: fc.integer({ min: 200_000, max: 400_000 }),
      gapMs: fc.integer({ min: 1, max: 500 }),
      edit: fc.constantFrom<Action[]>(
        { do: 'edit policy', list: ['kernel.sem', 'net.core.somaxconn'] },
        { do: 'ask for Restore' },
      ),
      file: fc.constantFrom(undefined, 'KUBELET_EXTRA_ARGS=--node-ip=10.0.0.11\n'),
    })
    .map(({ lengthMs, gapMs, edit, file }) => ({
      ...NO_PLOT,
      node: { file, policy: { list: ['kernel.sem'], nodeSoakSeconds: 0, inUse: 'Block' } },
      outages: [{ kinds: ['systemd status'], fromMs: START, lengthMs }],
      actions: [
        { do: 'touch', atMs: START + gapMs },
        { ...edit, atMs: START + 2 * gapMs },
      ],
    })),

  /** The API server is away when a change ends, and the disk is slow. */
  E2: fc
    .record({
      late: fc.array(fc.record({ nth: fc.nat(14), ms: fc.integer({ min: 200, max: 5000 }) }), {
        maxLength: 3,
      }),
      lengthMs: fc.integer({ min: 500, max: 8000 }),
    })
    .map(({ late, lengthMs }) => ({
      ...NO_PLOT,
      outages: [{ kinds: ['patch node'], fromMs: 0, lengthMs }],
      faults: late.map((one) => ({ ...one, kind: 'write state', fault: 'late' as const })),
    })),

  E5: fc.constant({ ...NO_PLOT, node: { inotifyExhausted: true } }),

  E7: fc.constant({ ...NO_PLOT, node: { units: 'full' } }),

  /** A sysctl of a pod leaves config.yaml, the agent is replaced, and then the policy is edited. */
  E8: fc
    .record({ gapMs: fc.integer({ min: 75_000, max: 120_000 }), replaced: fc.boolean() })
    .map(({ gapMs, replaced }) => ({
      ...NO_PLOT,
      node: {
        config: ['kernel.msgmax', 'kernel.sem'],
        policy: { list: ['kernel.sem'], nodeSoakSeconds: 0, inUse: 'Block' as const },
      },
      actions: [
        { do: 'start pod', sysctl: 'kernel.msgmax', atMs: START },
        { do: 'edit config', list: ['kernel.sem'], atMs: START + 1000 },
        ...(replaced ? [{ do: 'replace agent', downMs: 100, atMs: START + 2000 } as const] : []),
        { do: 'edit policy', list: ['kernel.sem', 'net.core.somaxconn'], atMs: START + gapMs },
      ],
    })),

  /** Something edits the environment file between the rename and the start of a kubelet that refuses the list. */
  F17: fc.constant({
    ...NO_PLOT,
    node: { editsAtStart: true, refusedAfterMs: 0 },
    actions: [{ do: 'edit policy', list: ['kernel.sem', REFUSED_SYSCTL], atMs: START }],
  }),

  /** The new kubelet is healthy for a moment and then ends, again and again. */
  x1: fc.integer({ min: 100, max: 2500 }).map((refusedAfterMs) => ({
    ...NO_PLOT,
    node: { refusedAfterMs, policy: { list: ['net.core.somaxconn'], nodeSoakSeconds: 0, inUse: 'Block' } },
    actions: [{ do: 'edit policy', list: ['kernel.sem', REFUSED_SYSCTL], atMs: START }],
  })),
};

/** Schedules of every kind, or of one plot with little else around it. */
export function scenarios(only: PlotName | undefined): fc.Arbitrary<Scenario> {
  const weightOf = (name: PlotName): number => (isFree(name) ? 4 : 1);
  return only === undefined
    ? fc.oneof(...PLOTS.map((name) => ({ weight: weightOf(name), arbitrary: around(name) })))
    : around(only);
}

/** Nothing in particular has to happen in it. */
function isFree(name: PlotName): boolean {
  return name === 'any' || name === 'plain';
}

/** A plot, and faults, kills and actions beside it. */
function around(name: PlotName): fc.Arbitrary<Scenario> {
  const most = isFree(name) ? 5 : 2;
  return fc
    .record({
      seed: fc.nat(),
      node,
      plot: PLOT[name],
      actions: fc.array(timedAction, { maxLength: most }),
      faults: fc.array(fault, { maxLength: most }),
      outages: fc.array(outage, { maxLength: isFree(name) ? 1 : 0 }),
      kills: fc.array(kill, { maxLength: isFree(name) ? 2 : 1 }),
    })
    .map(({ seed, node: setup, plot, actions, faults, outages, kills }) => ({
      seed,
      node: { ...setup, ...(name === 'any' ? {} : PLAIN_NODE), ...plot.node },
      actions: [...plot.actions, ...actions].toSorted((one, other) => one.atMs - other.atMs),
      faults: [...plot.faults, ...faults],
      outages: [...plot.outages, ...outages],
      kills,
    }));
}

function often(times: number, of: number): fc.Arbitrary<boolean> {
  return fc.oneof(
    { weight: of - times, arbitrary: fc.constant(false) },
    { weight: times, arbitrary: fc.constant(true) },
  );
}
