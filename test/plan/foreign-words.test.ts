import { describe, expect, it } from 'vitest';
import { planChange } from '../../agent/plan/plan.ts';
import type { Plan } from '../../agent/plan/types.ts';
import { EXTRA_FILE, kubeadmUnit, NOTHING_APPLIED, NO_CONFIG } from '../kubelet/units.ts';

const LIST = '--allowed-unsafe-sysctls=net.core.somaxconn';

function plan(file: string, brokenStart?: 'Report'): Plan {
  return planChange({
    unit: kubeadmUnit(file),
    config: NO_CONFIG,
    desired: ['net.core.somaxconn'],
    lastApplied: NOTHING_APPLIED,
    unmanaged: 'Keep',
    goal: 'Apply',
    ...(brokenStart && { brokenStart }),
  });
}

describe('a word that an edit of another party glued together', () => {
  it.each([
    ['an argument behind the list', `${LIST}--node-ip=1.2.3.4`, `${LIST} --node-ip=1.2.3.4`],
    ['one without a value', `${LIST}--rotate-certificates`, `${LIST} --rotate-certificates`],
    ['one behind the closing quote', `'--v=2 ${LIST}' --x`, `${LIST} --x`],
    ['one behind a literal quote', `--v=2 ${LIST}\\"--v=2`, `${LIST} --v=2`],
    ['the flag twice', `${LIST}${LIST}`, `${LIST} ${LIST}`],
    ['a pattern', `--allowed-unsafe-sysctls=net.*--v=2`, '--allowed-unsafe-sysctls=net.* --v=2'],
    ['the flag behind another argument', `--node-ip=1.2.3.4${LIST}`, `--node-ip=1.2.3.4 ${LIST}`],
    ['the flag as two words', `--allowed-unsafe-sysctls kernel.sem--v=2`, 'kernel.sem --v=2'],
    ['one behind a comma', `${LIST},--v=2`, `${LIST} --v=2`],
    ['a shorthand', `${LIST}-v=2`, `${LIST} -v=2`],
    ['the flag behind a label', `--node-labels=ZONE=b${LIST}`, `--node-labels=ZONE=b ${LIST}`],
    [
      'a line behind one without a newline',
      `${LIST}KUBELET_EXTRA_ARGS=--v=2`,
      `${LIST} and, on a line of its own, KUBELET_EXTRA_ARGS=--v=2`,
    ],
    [
      'another variable behind one without a newline',
      `"${LIST}"NODE_IP=1.2.3.4`,
      `${LIST} and, on a line of its own, NODE_IP=1.2.3.4`,
    ],
  ])('is refused with what to write: %s', (_, value, fix) => {
    expect(plan(`# one\nKUBELET_EXTRA_ARGS=${value}\n`)).toMatchObject({
      kind: 'refused',
      file: EXTRA_FILE,
      line: 2,
      message: expect.stringContaining(`Write ${fix}, with`),
    });
  });

  it('is refused at its own line of a value with several', () => {
    const file = `KUBELET_EXTRA_ARGS="--v=2 \\\n  --x=1 \\\n  ${LIST}--y=1"\n`;
    expect(plan(file)).toMatchObject({ kind: 'refused', line: 3 });
  });

  it.each([
    ['an interface with dashes', '--allowed-unsafe-sysctls=net.ipv4.conf.br--lan.forwarding'],
    ['another argument’s value', '--node-labels=a=b--c'],
    ['two flags', `${LIST} ${LIST}`],
  ])('is not what has two dashes for another reason: %s', (_, value) => {
    expect(plan(`KUBELET_EXTRA_ARGS="${value}"\n`)).toMatchObject({ kind: 'planned' });
  });
});

describe('shell syntax in the value', () => {
  it.each([
    ["--node-ip=$(hostname -I | awk '{print $1}')"],
    ['--node-ip=$(hostname)'],
    ['"--v=2 --node-ip=`hostname -i`"'],
  ])('is refused, because systemd runs no command: %s', (value) => {
    expect(plan(`KUBELET_EXTRA_ARGS=${value}\n`)).toMatchObject({
      kind: 'refused',
      file: EXTRA_FILE,
      line: 1,
      message: expect.stringContaining('systemd runs no $(…)'),
    });
  });

  it('is named where a variable would have been replaced', () => {
    expect(plan('KUBELET_EXTRA_ARGS=--v=2 $MORE_ARGS\n')).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('systemd replaces no variable'),
    });
  });
});

it('a comment behind the value is refused, because systemd reads it as arguments', () => {
  expect(plan('KUBELET_EXTRA_ARGS=--v=2 # more\n')).toMatchObject({
    kind: 'refused',
    message: expect.stringContaining('no comment behind a value'),
  });
});

it('a word of a line that CR LF ends is refused with its line', () => {
  expect(plan('# one\nKUBELET_EXTRA_ARGS="--v=2 \\\r\n --x=1"\n')).toMatchObject({
    kind: 'refused',
    line: 2,
    message: expect.stringContaining('LF alone'),
  });
});
