import { describe, expect, it } from 'vitest';
import type { KubeletUnit } from '../../agent/kubelet/unit.ts';
import { planChange } from '../../agent/plan/plan.ts';
import type { Plan, Planned, PlanInput } from '../../agent/plan/types.ts';
import { configFile, EXTRA_FILE, kubeadmUnit, NOTHING_APPLIED, NO_CONFIG } from '../kubelet/units.ts';

type Given = Partial<PlanInput> & { readonly file?: string | undefined };

function inputOf({ file, ...more }: Given = {}): PlanInput {
  return {
    unit: kubeadmUnit(file),
    config: NO_CONFIG,
    desired: ['net.core.somaxconn'],
    lastApplied: NOTHING_APPLIED,
    unmanaged: 'Keep',
    goal: 'Apply',
    ...more,
  };
}

function anyPlan(given: Given = {}): Plan {
  return planChange(inputOf(given));
}

function planned(given: Given = {}): Planned & { readonly text: string | undefined } {
  const plan = anyPlan(given);
  if (plan.kind !== 'planned') throw new Error(`Expected a plan, got ${JSON.stringify(plan)}.`);
  return { ...plan, text: plan.after === undefined ? undefined : Buffer.from(plan.after).toString() };
}

const extra = (list: string): string => `KUBELET_EXTRA_ARGS='--v=2 --allowed-unsafe-sysctls=${list}'\n`;

describe('a plan for desired allowances', () => {
  it('creates the missing file', () => {
    expect(planned()).toMatchObject({
      file: EXTRA_FILE,
      before: undefined,
      text: 'KUBELET_EXTRA_ARGS=--allowed-unsafe-sysctls=net.core.somaxconn\n',
      changed: true,
      missing: ['net.core.somaxconn'],
      configured: { before: [], after: ['net.core.somaxconn'] },
    });
  });

  it('needs no file when nothing is desired', () => {
    expect(planned({ desired: [] })).toMatchObject({ changed: false, after: undefined });
  });

  it.each([
    ['the flag', { file: extra('net.*') }],
    ['the config file', { config: configFile('[net.core.somaxconn]') }],
    [
      'another variable',
      { unit: kubeadmUnit('A=1', { kubeadmFlags: 'KUBELET_KUBEADM_ARGS=--allowed-unsafe-sysctls=net.*' }) },
    ],
  ])('changes nothing when %s covers what is desired', (_, given) => {
    expect(planned(given)).toMatchObject({ changed: false, missing: [] });
  });

  it('keeps the existing order and appends new names sorted', () => {
    const file = extra('kernel.shm*,kernel.msg*');
    expect(planned({ file, desired: ['net.core.somaxconn', 'kernel.msg*', 'fs.mqueue.*'] }).text).toBe(
      extra('kernel.shm*,kernel.msg*,fs.mqueue.*,net.core.somaxconn'),
    );
  });

  it('merges several flags into one', () => {
    const file =
      'KUBELET_EXTRA_ARGS="--allowed-unsafe-sysctls=kernel.sem --v=2 --allowed_unsafe_sysctls kernel.shm*"\n';
    expect(planned({ file }).text).toBe(
      'KUBELET_EXTRA_ARGS="--allowed-unsafe-sysctls=kernel.sem,kernel.shm*,net.core.somaxconn --v=2"\n',
    );
  });

  it('does not reorder a list that holds the same names', () => {
    const file = extra('net.core.somaxconn,kernel.sem,kernel.sem');
    expect(planned({ file, desired: ['kernel.sem', 'net.core.somaxconn'] })).toMatchObject({
      changed: false,
      text: file,
    });
  });
});

describe('an allowance that the policy no longer wants', () => {
  const lastApplied = { ours: ['kernel.sem', 'net.core.somaxconn'], folded: [] };

  it('is removed from the flag, and what other parties put there stays', () => {
    const plan = planned({ file: extra('kernel.shmmax,kernel.sem,net.core.somaxconn'), lastApplied });
    expect(plan.text).toBe(extra('kernel.shmmax,net.core.somaxconn'));
    expect(plan.unmanaged).toEqual([
      { pattern: 'kernel.shmmax', origin: `KUBELET_EXTRA_ARGS in ${EXTRA_FILE}, line 1` },
    ]);
  });

  it('is removed together with a flag that would be empty', () => {
    const plan = planned({ file: extra('kernel.sem,net.core.somaxconn'), desired: [], lastApplied });
    expect(plan.text).toBe("KUBELET_EXTRA_ARGS='--v=2'\n");
    expect(plan.remember).toEqual(NOTHING_APPLIED);
  });

  it('is replaced by the wanted name when it is a pattern that covered that name', () => {
    const given = { file: extra('net.*'), lastApplied: { ours: ['net.*'], folded: [] } };
    expect(planned(given).text).toBe(extra('net.core.somaxconn'));
  });

  it('is named as gone from the config files when it was copied from them', () => {
    const plan = planned({
      file: extra('kernel.sem,net.core.somaxconn'),
      lastApplied: { ours: ['net.core.somaxconn'], folded: ['kernel.sem'] },
    });
    expect(plan.text).toBe(extra('net.core.somaxconn'));
    expect(plan.reason).toContain(
      'The config files, from which the agent had copied kernel.sem, no longer have it',
    );
  });

  it('stays when the config files list it and the flag remains', () => {
    const plan = planned({
      file: extra('kernel.sem,net.core.somaxconn'),
      lastApplied,
      config: configFile('[kernel.sem]'),
    });
    expect(plan).toMatchObject({ changed: false, remember: { folded: ['kernel.sem'] } });
  });
});

describe('the list of the config files', () => {
  it('is copied into a new flag and remembered as copied', () => {
    const plan = planned({ config: configFile('[net.ipv4.*, kernel.sem]') });
    expect(plan.configured.after).toEqual(['kernel.sem', 'net.core.somaxconn', 'net.ipv4.*']);
    expect(plan.remember.folded).toEqual(['kernel.sem', 'net.ipv4.*']);
    expect(plan.unmanaged.map(({ origin }) => origin)).toEqual([
      '/var/lib/kubelet/config.yaml',
      '/var/lib/kubelet/config.yaml',
    ]);
  });

  it('is followed: new names are added to the flag, and dropped names are removed', () => {
    const lastApplied = { ours: ['net.core.somaxconn'], folded: ['kernel.sem'] };
    const plan = planned({
      file: extra('kernel.sem,net.core.somaxconn'),
      lastApplied,
      config: configFile('[kernel.msg*]'),
    });
    expect(plan.text).toBe(extra('net.core.somaxconn,kernel.msg*'));
    expect(plan.remember.folded).toEqual(['kernel.msg*']);
  });

  it('is not copied when another variable’s flag already replaces it', () => {
    const unit = kubeadmUnit('A=1\n', {
      kubeadmFlags: 'KUBELET_KUBEADM_ARGS=--allowed-unsafe-sysctls=kernel.sem\n',
    });
    const plan = planned({ unit, config: configFile('[kernel.msg*]') });
    expect(plan.configured).toEqual({ before: ['kernel.sem'], after: ['kernel.sem', 'net.core.somaxconn'] });
    expect(plan.unmanaged).toEqual([
      { pattern: 'kernel.sem', origin: 'KUBELET_KUBEADM_ARGS in /var/lib/kubelet/kubeadm-flags.env, line 1' },
    ]);
  });

  it('is copied without the names that the kubelet refuses', () => {
    const config = configFile('[vm.max_map_count, user.max_user_namespaces]');
    const kubelet = { major: 1, minor: 36, patch: 0 };
    expect(planned({ config, kubelet }).configured.after).toEqual(['net.core.somaxconn']);
    expect(planned({ config }).configured.after).toEqual(['net.core.somaxconn', 'user.max_user_namespaces']);
  });
});

describe('the allowances of other parties', () => {
  it('are removed from the flag, but not from other places, when the policy says Remove', () => {
    const plan = planned({
      unit: kubeadmUnit(extra('kernel.sem,net.core.somaxconn'), {
        kubeadmFlags: 'KUBELET_KUBEADM_ARGS="--allowed-unsafe-sysctls=kernel.msg*"\n',
      }),
      unmanaged: 'Remove',
    });
    expect(plan.text).toBe(extra('net.core.somaxconn'));
    expect(plan.unmanaged.map(({ pattern }) => pattern)).toEqual(['kernel.msg*']);
  });

  it('stay empty when another party set an empty list', () => {
    const given = { file: extra(''), config: configFile('[kernel.sem]') };
    expect(planned({ ...given, desired: [] })).toMatchObject({ changed: false, configured: { after: [] } });
  });

  it('are kept even when the kubelet refuses them, and the reason says so', () => {
    const plan = planned({ file: extra('vm.*,') });
    expect(plan.configured.after).toEqual(['vm.*', '', 'net.core.somaxconn']);
    expect(plan.reason).toContain('The kubelet does not start with');
  });
});

describe('Restore', () => {
  it('removes what the agent applied and copied, and keeps the rest', () => {
    const lastApplied = { ours: ['net.core.somaxconn'], folded: ['kernel.sem'] };
    const given = {
      lastApplied,
      goal: 'Restore',
      unmanaged: 'Remove',
      config: configFile('[kernel.sem]'),
    } as const;
    expect(planned({ ...given, file: extra('kernel.shmmax,kernel.sem,net.core.somaxconn') }).text).toBe(
      extra('kernel.shmmax'),
    );
    const plan = planned({ ...given, file: extra('kernel.sem,net.core.somaxconn') });
    expect(plan.text).toBe("KUBELET_EXTRA_ARGS='--v=2'\n");
    expect(plan).toMatchObject({
      desired: [],
      configured: { after: ['kernel.sem'] },
      remember: NOTHING_APPLIED,
    });
  });
});

describe('the file to edit', () => {
  it('gets a copy of the value that a drop-in’s Environment= sets', () => {
    const plan = planned({ unit: kubeadmUnit('A=1\n', { environment: ['KUBELET_EXTRA_ARGS=--v=3'] }) });
    expect(plan.text).toBe('A=1\nKUBELET_EXTRA_ARGS=--v=3\\ --allowed-unsafe-sysctls=net.core.somaxconn\n');
    expect(plan.words.before).toEqual(['--v=3']);
  });

  it('is the one whose assignment is in force, even when a glob pattern matched it', () => {
    const glob = {
      ...EMPTY,
      path: '/etc/k.d/a.env',
      fromGlob: true,
      content: Buffer.from('KUBELET_EXTRA_ARGS=--v=2'),
    };
    expect(planned({ unit: withFiles([{ ...EMPTY, path: OWN }, glob]) }).file).toBe('/etc/k.d/a.env');
  });

  it('is without an assignment the first one that is not from a glob pattern and not kubeadm’s', () => {
    const unit = withFiles([
      { ...EMPTY, path: '/var/lib/kubelet/kubeadm-flags.env' },
      { ...EMPTY, path: '/etc/kubelet.d/a.env', fromGlob: true, content: Buffer.from('A=1') },
      { ...EMPTY, path: OWN },
      { ...EMPTY, path: '/etc/kubernetes/kubelet-2.env' },
    ]);
    expect(planned({ unit }).file).toBe(OWN);
  });

  it('is never one that kubeadm’s own file overrides', () => {
    const kubeadm = {
      ...EMPTY,
      path: '/var/lib/kubelet/kubeadm-flags.env',
      content: Buffer.from('KUBELET_EXTRA_ARGS=--v=4'),
    };
    expect(anyPlan({ unit: withFiles([{ ...EMPTY, path: OWN }, kubeadm]) }).kind).toBe('unreconcilable');
    expect(planned({ unit: withFiles([kubeadm, { ...EMPTY, path: OWN }]) }).words.after).toEqual([
      '--v=4',
      '--allowed-unsafe-sysctls=net.core.somaxconn',
    ]);
  });

  it('does not exist without the variable or without a file, and the reason says what was found', () => {
    const execStart = ['/usr/bin/kubelet', '$KUBELET_FLAGS', '--x=${KUBELET_EXTRA_ARGS}'];
    const without = anyPlan({ unit: { ...kubeadmUnit(undefined), execStart } });
    expect(without).toMatchObject({
      kind: 'unreconcilable',
      reason: expect.stringContaining('$KUBELET_FLAGS'),
    });
    expect(anyPlan({ unit: withFiles([]) }).kind).toBe('unreconcilable');
  });
});

describe('a plan that is refused', () => {
  it.each([
    ['a NUL', 'A=1\nB=\0\n', { line: 2, byte: 6 }],
    ['a word after --', "KUBELET_EXTRA_ARGS='--v=2 -- x'\n", { line: 1 }],
    ['a -- that would swallow the flag', "\nKUBELET_EXTRA_ARGS='--v=2 --'\n", { line: 2 }],
    ['a stray word', 'KUBELET_EXTRA_ARGS=--v=2 stray\n', { line: 1 }],
    ['a flag that would swallow ours', 'KUBELET_EXTRA_ARGS=--node-ip\n', { line: 1 }],
    ['a list that is none', `KUBELET_EXTRA_ARGS='--allowed-unsafe-sysctls=a\\"b'\n`, { line: 1 }],
    ['an open end', 'A="x\n', {}],
  ])('names the file and the line of the fault: %s', (_, file, where) => {
    expect(anyPlan({ file })).toMatchObject({ kind: 'refused', file: EXTRA_FILE, ...where });
  });

  it('becomes a plan with a warning when brokenStart is Report and the arguments can be read', () => {
    const file = "KUBELET_EXTRA_ARGS=--v=2 stray ''\n";
    const plan = planned({ file, brokenStart: 'Report' });
    expect(plan.words.after).toEqual(['--v=2', 'stray', '', '--allowed-unsafe-sysctls=net.core.somaxconn']);
    expect(plan.reason).toContain('An agent would change nothing');
    expect(anyPlan({ file: "KUBELET_EXTRA_ARGS='--v=2 -- x'\n", brokenStart: 'Report' }).kind).toBe(
      'refused',
    );
    expect(anyPlan({ file: 'KUBELET_EXTRA_ARGS=--node-ip\n', brokenStart: 'Report' }).kind).toBe('refused');
  });

  it('has a flag that would take another variable’s word as its value', () => {
    const unit = {
      ...kubeadmUnit('KUBELET_EXTRA_ARGS=--node-ip\n', { kubeadmFlags: 'KUBELET_KUBEADM_ARGS=--v=2\n' }),
    };
    const execStart = ['/usr/bin/kubelet', '$KUBELET_EXTRA_ARGS', '$KUBELET_KUBEADM_ARGS'];
    expect(anyPlan({ unit: { ...unit, execStart } })).toMatchObject({ kind: 'refused', file: EXTRA_FILE });
  });

  it('has a list longer than Linux passes to a program', () => {
    const desired = Array.from({ length: 9000 }, (_, index) => `net.ipv4.name${index}`);
    expect(anyPlan({ desired })).toMatchObject({ kind: 'refused', file: EXTRA_FILE });
    expect(anyPlan({ desired: desired.slice(0, 6000) })).toMatchObject({ kind: 'planned' });
  });

  it('has an invalid config file, and names its line', () => {
    expect(anyPlan({ config: configFile('net.*') })).toMatchObject({
      kind: 'refused',
      file: '/var/lib/kubelet/config.yaml',
      line: 3,
    });
  });
});

const OWN = '/etc/kubernetes/kubelet.env';
const EMPTY = { optional: true, fromGlob: false, content: undefined };

function withFiles(environmentFiles: KubeletUnit['environmentFiles']): KubeletUnit {
  return { ...kubeadmUnit(undefined), environment: [], environmentFiles };
}
