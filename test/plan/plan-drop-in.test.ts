import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ConfigFile, ConfigSources } from '../../agent/kubelet/config.ts';
import { printDropIn } from '../../agent/kubelet/drop-in.ts';
import { planChange } from '../../agent/plan/plan.ts';
import type { Plan, Planned, PlanInput } from '../../agent/plan/types.ts';
import { coveredBy } from '../../agent/sysctl/coverage.ts';
import { allowances } from '../kubelet/arbitraries.ts';
import { kubeadmUnit, NOTHING_APPLIED } from '../kubelet/units.ts';

const DIR = '/etc/kubernetes/kubelet/config.json.d';
const OURS = `${DIR}/99-kubelet-sysctl-agent.conf`;
const ENVIRONMENT = '/etc/eks/kubelet/environment';
const KIND = 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n';

interface Given extends Partial<PlanInput> {
  /** Names of files in the folder, and their lists in YAML; `-`: without a list. */
  readonly files?: Readonly<Record<string, string>>;
  readonly own?: readonly string[] | string;
  readonly state?: 'folder' | 'missing' | 'other';
  readonly dir?: string;
  readonly args?: string;
}

/** EKS AL2023 as nodeadm configures it. */
function inputOf({ files = {}, own, state = 'folder', dir = DIR, args = '', ...more }: Given): PlanInput {
  const others = Object.entries(files).map(([name, list]) => fileOf(`${DIR}/${name}`, list));
  const content = typeof own === 'string' ? Buffer.from(own) : own && printDropIn(own);
  const config: ConfigSources = {
    config: fileOf('/etc/kubernetes/kubelet/config.json', '-'),
    dropIns: [...others, ...(content === undefined ? [] : [{ path: OURS, content }])],
    folder: { path: dir, state },
  };
  return {
    unit: {
      ...kubeadmUnit(undefined),
      execStart: ['/usr/bin/kubelet', '$NODEADM_KUBELET_ARGS'],
      environment: [],
      environmentFiles: [
        {
          path: ENVIRONMENT,
          optional: false,
          fromGlob: false,
          content: Buffer.from(`NODEADM_KUBELET_ARGS="--config-dir=${DIR} ${args}"\n`),
        },
      ],
    },
    config,
    desired: ['net.core.somaxconn'],
    lastApplied: NOTHING_APPLIED,
    unmanaged: 'Keep',
    goal: 'Apply',
    ...more,
  };
}

function fileOf(path: string, list: string): ConfigFile {
  return { path, content: Buffer.from(list === '-' ? KIND : `${KIND}allowedUnsafeSysctls: ${list}\n`) };
}

const anyPlan = (given: Given = {}): Plan => planChange(inputOf(given));

function planned(given: Given = {}): Planned {
  const plan = anyPlan(given);
  if (plan.kind !== 'planned') throw new Error(`Expected a plan, got ${JSON.stringify(plan)}.`);
  return plan;
}

describe('a plan for a kubelet with --config-dir and without $KUBELET_EXTRA_ARGS', () => {
  it('creates a file of the agent’s own, with the apiVersion and kind that the kubelet requires', () => {
    const plan = planned({ files: { '40-nodeadm.conf': '-' } });
    expect(plan).toMatchObject({
      file: OURS,
      variable: undefined,
      before: undefined,
      changed: true,
      words: { before: [], after: [] },
      configured: { before: [], after: ['net.core.somaxconn'] },
      missing: ['net.core.somaxconn'],
      reason: `Creates ${OURS}. Adds net.core.somaxconn to allowedUnsafeSysctls in ${OURS}.`,
    });
    expect(Buffer.from(plan.after ?? '').toString()).toBe(
      '# Written by kubelet-sysctl-agent, which follows the ConfigMap kubelet-sysctls. Put other settings into another file.\n' +
        `${KIND}allowedUnsafeSysctls:\n- "net.core.somaxconn"\n`,
    );
  });

  it('keeps the lists of the files before it, and follows them', () => {
    const files = {
      '00-defaults.conf': '[net.ipv4.ip_forward]',
      '98-last.conf': '[kernel.sem, net.ipv4.tcp_*]',
    };
    const plan = planned({ files });
    expect(plan.configured.after).toEqual(['kernel.sem', 'net.core.somaxconn', 'net.ipv4.tcp_*']);
    expect(plan.unmanaged.map(({ origin }) => origin)).toEqual([
      `drop-in ${DIR}/98-last.conf`,
      `drop-in ${DIR}/98-last.conf`,
    ]);
    const again = planned({
      files: { '98-last.conf': '[kernel.msgmax]' },
      own: plan.configured.after,
      lastApplied: plan.remember,
    });
    expect(again.configured.after).toEqual(['net.core.somaxconn', 'kernel.msgmax']);
    expect(again.remember.folded).toEqual(['kernel.msgmax']);
  });

  it('needs no file when the files before it cover what is desired, or nothing is desired', () => {
    expect(planned({ files: { 'a.conf': '[net.*]' } })).toMatchObject({ changed: false, after: undefined });
    expect(planned({ desired: [] })).toMatchObject({ changed: false, after: undefined });
  });

  it('keeps what another party added to the agent’s file, and removes the file with its last item', () => {
    const lastApplied = { ours: ['kernel.sem'], folded: [] };
    const own = ['kernel.sem', 'kernel.msgmax'];
    expect(planned({ own, lastApplied }).configured.after).toEqual(['kernel.msgmax', 'net.core.somaxconn']);
    const gone = planned({ own: ['kernel.sem'], lastApplied, desired: [] });
    expect(gone).toMatchObject({ changed: true, after: undefined, configured: { after: [] } });
    expect(planned({ own, desired: [], unmanaged: 'Remove' })).toMatchObject({ after: undefined });
  });

  it('restores what was before the first change, and else only removes what is the agent’s', () => {
    const own = ['kernel.sem', 'net.core.somaxconn'];
    const restored = (left: string | null): Plan =>
      anyPlan({
        own,
        desired: [],
        goal: 'Restore',
        lastApplied: { ours: own, folded: [] },
        original: { file: OURS, bytes: Buffer.from('old'), left },
      });
    expect(restored(null)).toMatchObject({ changed: true, after: undefined });
    expect(
      planned({ own, goal: 'Restore', lastApplied: { ours: ['kernel.sem'], folded: [] } }),
    ).toMatchObject({
      after: printDropIn(['net.core.somaxconn']),
    });
  });

  it.each([
    ['a later file', { files: { '99-z.conf': '[]' } }, `${DIR}/99-z.conf`, OURS],
    ['a later file that removes the list', { files: { '99-z.conf': 'null' } }, `${DIR}/99-z.conf`, OURS],
    ['a file in a later subfolder', { files: { 'z/0.conf': '[kernel.sem]' } }, `${DIR}/z/0.conf`, OURS],
    ['the later of two files', { files: { '.z.conf': '[]', 'a.conf': '[]' } }, `${DIR}/a.conf`, OURS],
    ['a flag', { args: '--allowed-unsafe-sysctls=kernel.sem' }, ENVIRONMENT, 'line 1'],
    ['an empty flag', { args: '--allowed-unsafe-sysctls=' }, ENVIRONMENT, '--allowed-unsafe-sysctls'],
  ])('is refused when the list would not be in force, and names %s', (_, given, file, text) => {
    for (const own of [undefined, ['net.core.somaxconn']]) {
      const plan = anyPlan({ ...given, ...(own && { own }) });
      expect(plan).toMatchObject({ kind: 'refused', file, message: expect.stringContaining(text) });
    }
    expect(
      planned({
        ...given,
        own: ['kernel.shm'],
        desired: [],
        goal: 'Restore',
        lastApplied: { ours: ['kernel.shm'], folded: [] },
      }),
    ).toMatchObject({ after: undefined });
  });

  it('changes nothing when the later list or the flag allows what is desired', () => {
    for (const given of [{ files: { '99-z.conf': '[net.*]' } }, { args: '--allowed-unsafe-sysctls=net.*' }]) {
      expect(planned(given)).toMatchObject({ changed: false, after: undefined });
    }
  });

  it.each([
    ['a hidden file is one', { '.hidden.conf': '[kernel.sem]' }, ['kernel.sem']],
    ['a file of another ending is none', { '50.yaml': '[kernel.sem]' }, []],
    ['the last one wins by the bytes of its name', { '10.conf': '[kernel.sem]', '9.conf': '[]' }, []],
    ['null removes the list', { '10.conf': '[kernel.sem]', '9.conf': 'null' }, []],
    ['one without a list leaves it', { '10.conf': '[kernel.sem]', '9.conf': '-' }, ['kernel.sem']],
    ['a subfolder is read at its place', { '10/a.conf': '[kernel.sem]', '1.conf': '[]' }, ['kernel.sem']],
  ])('reads drop-ins like the kubelet: %s', (_, files, copied) => {
    expect(planned({ files }).configured.after).toEqual([...copied, 'net.core.somaxconn']);
  });

  it.each([
    ['a missing folder', { state: 'missing' }, DIR],
    ['a link instead of the folder', { state: 'other' }, DIR],
    ['a file of the agent’s with other settings', { own: `${KIND}maxPods: 10\n` }, OURS],
    [
      'a file of the agent’s with a comment',
      { own: `${Buffer.from(printDropIn(['kernel.sem'])).toString()}# mine\n` },
      OURS,
    ],
    ['an empty file of the agent’s', { own: '' }, OURS],
    [
      'a drop-in without kind, with which no kubelet starts',
      { own: 'allowedUnsafeSysctls: [kernel.sem]\n' },
      OURS,
    ],
  ] as const)('is refused, and names what stands in the way: %s', (_, given, file) => {
    expect(anyPlan(given)).toMatchObject({ kind: 'refused', file });
    expect(anyPlan({ ...given, goal: 'Restore' })).toMatchObject({ kind: 'refused', file });
  });

  it('is unreconcilable with a kubelet before 1.30, and the reason says so', () => {
    const kubelet = { major: 1, minor: 29, patch: 6 };
    expect(anyPlan({ kubelet })).toMatchObject({
      kind: 'unreconcilable',
      reason: expect.stringMatching(/\$NODEADM_KUBELET_ARGS.*1\.30.*1\.29/u),
    });
    expect(anyPlan({ kubelet: { major: 1, minor: 30, patch: 0 } }).kind).toBe('planned');
    expect(anyPlan({ dir: 'conf.d' })).toMatchObject({
      kind: 'unreconcilable',
      reason: expect.stringContaining('conf.d'),
    });
  });

  it('stays in the agent’s file when the unit takes $KUBELET_EXTRA_ARGS later, and else goes to the variable', () => {
    const unit = kubeadmUnit('KUBELET_EXTRA_ARGS=\n', {
      environment: [`KUBELET_KUBEADM_ARGS=--config-dir=${DIR}`],
    });
    expect(planned({ unit })).toMatchObject({ file: '/etc/default/kubelet' });
    expect(planned({ unit, own: ['net.core.somaxconn'] })).toMatchObject({ file: OURS, changed: false });
    const lastApplied = { ours: ['kernel.sem', 'net.core.somaxconn'], folded: [] };
    const plan = planned({ unit, own: ['kernel.sem', 'net.core.somaxconn'], lastApplied });
    expect(plan.configured.after).toEqual(['net.core.somaxconn']);
  });

  it('refuses arguments with which no kubelet starts', () => {
    expect(anyPlan({ args: 'stray' })).toMatchObject({ kind: 'refused', file: ENVIRONMENT, line: 1 });
  });
});

it('allows what is desired, keeps what was allowed, and plans no second change', () => {
  const names = fc.constantFrom('00-a.conf', '40-nodeadm.conf', '.b.conf', '98/x.conf', '10.conf');
  const list = fc.oneof(allowances, fc.constant(undefined));
  const cases = fc.record({
    files: fc.dictionary(names, list),
    own: fc.option(allowances, { nil: undefined, freq: 3 }),
    desired: allowances,
    ours: allowances,
    folded: allowances,
    unmanaged: fc.constantFrom('Keep', 'Remove'),
    goal: fc.constantFrom('Apply', 'Apply', 'Restore'),
  });
  fc.assert(
    fc.property(cases, ({ files, ours, folded, own, ...choices }) => {
      const lists = Object.entries(files).map(([name, items]) => [
        name,
        items === undefined ? '-' : JSON.stringify(items),
      ]);
      const given: Given = {
        ...choices,
        files: Object.fromEntries(lists),
        lastApplied: { ours, folded },
        ...(own && { own }),
      };
      const plan = planned(given);
      const { configured, desired } = plan;
      expect(desired.filter((item) => !coveredBy(configured.after, item))).toEqual([]);
      const lost = configured.before.filter((item) => !coveredBy(configured.after, item));
      const mayGo =
        choices.unmanaged === 'Remove' || choices.goal === 'Restore' ? lost : [...ours, ...folded];
      expect(lost.filter((item) => !mayGo.includes(item))).toEqual([]);
      const input = inputOf(given);
      const others = input.config.dropIns.filter(({ path }) => path !== OURS);
      const dropIns = plan.after === undefined ? others : [...others, { path: OURS, content: plan.after }];
      const again = planChange({
        ...input,
        config: { ...input.config, dropIns },
        lastApplied: plan.remember,
      });
      expect(again).toMatchObject({ kind: 'planned', changed: false, remember: plan.remember });
    }),
    { numRuns: 1000 },
  );
});

describe('OpenShift’s --config-dir', () => {
  const dir = '/etc/openshift/kubelet.conf.d';

  it('is used only when the policy asks for it, and the reason names the vendor’s own way', () => {
    expect(anyPlan({ dir })).toMatchObject({
      kind: 'unreconcilable',
      reason: expect.stringMatching(/KubeletConfig.*MachineConfig.*openShiftConfigDir: true/u),
    });
    expect(anyPlan({ dir: '/etc//openshift/x/../kubelet.conf.d/' }).kind).toBe('unreconcilable');
    expect(planned({ dir, openShiftConfigDir: true }).file).toBe(`${dir}/99-kubelet-sysctl-agent.conf`);
  });

  it('is restored also when the policy no longer asks for it', () => {
    expect(planned({ dir, goal: 'Restore', desired: [] })).toMatchObject({ kind: 'planned', changed: false });
  });
});
