import { describe, expect, it } from 'vitest';
import type { EnvironmentFileOnDisk, KubeletUnit } from '../../../agent/kubelet/unit.ts';
import { planChange } from '../../../agent/plan/plan.ts';
import type { Plan, PlanInput, WrittenFile } from '../../../agent/plan/types.ts';
import { sha256Of } from '../../../agent/text/hash.ts';
import { bytesOf, kubeadmUnit, NO_CONFIG } from '../../kubelet/units.ts';

const NAME = 'net.core.somaxconn';
const FLAG = `--allowed-unsafe-sysctls=${NAME}`;
const OLD = '/etc/default/kubelet';
const NEW = '/etc/kubelet.d/extra.env';
const WITH_FLAG = `KUBELET_EXTRA_ARGS=${FLAG}\n`;

function unitOf(files: Readonly<Record<string, string | undefined>>): KubeletUnit {
  const environmentFiles = Object.entries(files).map(([path, content]): EnvironmentFileOnDisk => ({
    path,
    optional: true,
    fromGlob: false,
    content: bytesOf(content),
  }));
  return { ...kubeadmUnit(undefined), environmentFiles };
}

/** A file as the agent left it, unless `now` says otherwise. */
function writtenFile(file: string, bytes: string | undefined, left: string, now?: string): WrittenFile {
  return {
    file,
    variable: 'KUBELET_EXTRA_ARGS',
    bytes: bytesOf(bytes),
    left: sha256Of(bytesOf(left)),
    applied: [NAME],
    carried: { origin: '', value: '' },
    found: bytesOf(now ?? left),
  };
}

function plan(unit: KubeletUnit, written: readonly WrittenFile[], more: Partial<PlanInput> = {}): Plan {
  return planChange({
    unit,
    config: NO_CONFIG,
    desired: [NAME],
    lastApplied: { ours: [NAME], folded: [] },
    unmanaged: 'Keep',
    goal: 'Restore',
    written,
    ...more,
  });
}

describe('mode Restore', () => {
  it('cleans a file that the unit no longer reads before the one in force', () => {
    const unit = unitOf({ [NEW]: WITH_FLAG });
    const written = [writtenFile(NEW, undefined, WITH_FLAG), writtenFile(OLD, 'A=1\n', `A=1\n${WITH_FLAG}`)];
    expect(plan(unit, written)).toMatchObject({
      kind: 'planned',
      file: OLD,
      after: bytesOf('A=1\n'),
      configured: { before: [NAME], after: [NAME] },
      isCleaned: true,
    });
    expect(plan(unit, written.slice(0, 1))).toMatchObject({
      file: NEW,
      after: undefined,
      configured: { before: [NAME], after: [] },
    });
  });

  it('cleans the files of a unit that takes the variable no longer', () => {
    const unit = { ...unitOf({}), execStart: ['/usr/bin/kubelet', '$OTHER'] };
    expect(plan(unit, [writtenFile(OLD, undefined, WITH_FLAG)])).toMatchObject({
      file: OLD,
      after: undefined,
    });
    expect(plan(unit, [])).toMatchObject({ kind: 'unreconcilable' });
  });

  it('takes the flag out of assignments that a later one replaces', () => {
    const text = `${WITH_FLAG}KUBELET_EXTRA_ARGS='--v=2 ${FLAG}' \n# end`;
    const written = writtenFile(OLD, undefined, WITH_FLAG);
    expect(plan(unitOf({ [OLD]: text }), [written])).toMatchObject({
      after: bytesOf("KUBELET_EXTRA_ARGS='--v=2' \n# end"),
    });
  });

  it('keeps the names that were in the flag before the agent, and removes its own', () => {
    const before = 'KUBELET_EXTRA_ARGS="--allowed-unsafe-sysctls=kernel.sem,net.core.somaxconn --v=2"\n';
    const now = before.replace('somaxconn', 'somaxconn,kernel.msgmax').replace('--v=2', '--v=3');
    const written = { ...writtenFile(OLD, before, 'other'), applied: [NAME, 'kernel.msgmax'] };
    expect(plan(unitOf({ [OLD]: now }), [written])).toMatchObject({
      after: bytesOf(before.replace('--v=2', '--v=3')),
    });
  });

  it.each([
    `--allowed-unsafe-sysctls=net/core/somaxconn`,
    `--allowed_unsafe_sysctls=${NAME}`,
    `"--allowed-unsafe-sysctls= ${NAME}"`,
    `--allowed-unsafe-sysctls ${NAME}`,
  ])('takes the list out where another party has respelt it as %s', (flag) => {
    const now = `KUBELET_EXTRA_ARGS='--v=3 ${flag}'\n`;
    const written = writtenFile(
      OLD,
      'KUBELET_EXTRA_ARGS=--v=3\n',
      `KUBELET_EXTRA_ARGS='--v=3 ${FLAG}'\n`,
      now,
    );
    expect(plan(unitOf({ [OLD]: now }), [written])).toMatchObject({
      kind: 'planned',
      words: { after: ['--v=3'] },
    });
  });

  it('leaves a flag alone that another party wrote and the agent never changed', () => {
    expect(plan(unitOf({ [OLD]: WITH_FLAG }), [])).toMatchObject({ changed: false });
  });

  it('names a written file that cannot be read', () => {
    const written = writtenFile(OLD, undefined, WITH_FLAG, `${WITH_FLAG}A=\0`);
    expect(plan(unitOf({}), [written])).toMatchObject({ kind: 'refused', file: OLD, line: 2 });
  });
});

describe('a target that has moved', () => {
  const APPLY = { goal: 'Apply' } as const;
  const written = [writtenFile(OLD, undefined, WITH_FLAG)];

  it('gets the flag first, and then the old file is cleaned', () => {
    const moved = { [OLD]: WITH_FLAG, [NEW]: 'KUBELET_EXTRA_ARGS=--v=2\n' };
    const first = plan(unitOf(moved), written, APPLY);
    expect(first).toMatchObject({ file: NEW, isCleaned: false, changed: true });
    const done = { ...moved, [NEW]: `KUBELET_EXTRA_ARGS='--v=2 ${FLAG}'\n` };
    const second = plan(unitOf(done), [...written, writtenFile(NEW, moved[NEW], done[NEW])], APPLY);
    expect(second).toMatchObject({ file: OLD, after: undefined, isCleaned: true, changed: true });
  });

  it('has its old file cleaned when the unit no longer reads that', () => {
    const files = { [NEW]: `KUBELET_EXTRA_ARGS='--v=2 ${FLAG}'\n` };
    expect(plan(unitOf(files), written, APPLY)).toMatchObject({
      file: OLD,
      after: undefined,
      reason: `Removes ${OLD}, which the agent created, from which kubelet.service no longer takes KUBELET_EXTRA_ARGS.`,
    });
  });

  it('leaves an old file that cannot be read as it is', () => {
    const files = { [NEW]: WITH_FLAG };
    const broken = [writtenFile(OLD, undefined, WITH_FLAG, 'A=\0')];
    expect(plan(unitOf(files), broken, APPLY)).toMatchObject({ file: NEW, changed: false });
  });
});
