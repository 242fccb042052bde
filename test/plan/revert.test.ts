import { fc } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { revertAllowances } from '../../agent/plan/revert.ts';
import { planChange } from '../../agent/plan/plan.ts';
import { kubeadmUnit, NOTHING_APPLIED, NO_CONFIG } from '../kubelet/units.ts';

const OURS = '--allowed-unsafe-sysctls=net.core.somaxconn';

function revert(found: string, before: string | undefined, variable?: string): string {
  return Buffer.from(
    revertAllowances({
      path: '/etc/default/kubelet',
      found: Buffer.from(found),
      before: before === undefined ? undefined : Buffer.from(before),
      applied: ['net.core.somaxconn'],
      configuredAfter: ['net.core.somaxconn'],
      flag: { before: undefined, after: OURS },
      systemdVersion: 252,
      ...(variable !== undefined && { variable }),
    }),
  ).toString();
}

describe('revertAllowances', () => {
  test('changes nothing when the file holds nothing of ours', () => {
    expect(revert('KUBELET_EXTRA_ARGS=--v=5\n', 'KUBELET_EXTRA_ARGS=--v=3\n')).toBe(
      'KUBELET_EXTRA_ARGS=--v=5\n',
    );
    expect(revert('# empty\n', undefined)).toBe('# empty\n');
  });

  test('keeps what another party added to our list', () => {
    expect(revert(`KUBELET_EXTRA_ARGS=${OURS},kernel.sem\n`, undefined)).toBe(
      'KUBELET_EXTRA_ARGS=--allowed-unsafe-sysctls=kernel.sem\n',
    );
  });

  test('keeps an item that was there before the change', () => {
    const before = 'KUBELET_EXTRA_ARGS=--allowed-unsafe-sysctls=net.core.somaxconn\n';

    expect(revert(`# edited\n${before}`, before)).toBe(`# edited\n${before}`);
  });

  test('removes our flag from an assignment that a later one overrides, but not from a longer word', () => {
    const hidden = `KUBELET_EXTRA_ARGS=--v=3\\ ${OURS}\nKUBELET_EXTRA_ARGS='--v=3 ${OURS}'\nKUBELET_EXTRA_ARGS=${OURS}_x\nKUBELET_EXTRA_ARGS=--v=4\n`;

    expect(revert(hidden, 'KUBELET_EXTRA_ARGS=--v=3\n')).toBe(
      `KUBELET_EXTRA_ARGS=--v=3\nKUBELET_EXTRA_ARGS='--v=3'\nKUBELET_EXTRA_ARGS=${OURS}_x\nKUBELET_EXTRA_ARGS=--v=4\n`,
    );
  });

  test.each([
    [
      'in two words',
      `KUBELET_EXTRA_ARGS='--v=3 --allowed-unsafe-sysctls net.core.somaxconn'\n`,
      `KUBELET_EXTRA_ARGS='--v=3'\n`,
    ],
    ['in quotes', `KUBELET_EXTRA_ARGS='--v=3 "${OURS}"'\n`, `KUBELET_EXTRA_ARGS='--v=3'\n`],
    [
      'with underscores',
      'KUBELET_EXTRA_ARGS="--v=3 --allowed_unsafe_sysctls=net.core.somaxconn"\n',
      'KUBELET_EXTRA_ARGS="--v=3"\n',
    ],
    [
      'with slashes',
      'KUBELET_EXTRA_ARGS="--v=3 --allowed-unsafe-sysctls=net/core/somaxconn"\n',
      'KUBELET_EXTRA_ARGS="--v=3"\n',
    ],
    [
      'with quotes of a list',
      `KUBELET_EXTRA_ARGS='--v=3 --allowed-unsafe-sysctls="net.core.somaxconn"'\n`,
      `KUBELET_EXTRA_ARGS='--v=3'\n`,
    ],
    ['twice', `KUBELET_EXTRA_ARGS="--v=3 ${OURS} ${OURS}"\n`, 'KUBELET_EXTRA_ARGS="--v=3"\n'],
    [
      'under another name',
      `KUBELET_EXTRA_ARGS="--v=3 --allowed-unsafe-sysctl=net.core.somaxconn"\n`,
      'KUBELET_EXTRA_ARGS="--v=3"\n',
    ],
    [
      'under another name, in two words',
      `KUBELET_EXTRA_ARGS="--v=3 --unsafe net.core.somaxconn"\n`,
      'KUBELET_EXTRA_ARGS="--v=3"\n',
    ],
    ['glued to another word', `KUBELET_EXTRA_ARGS="--v=3${OURS}"\n`, 'KUBELET_EXTRA_ARGS="--v=3"\n'],
    [
      'in another variable',
      `KUBELET_KUBEADM_ARGS="--v=3 ${OURS}"\nKUBELET_EXTRA_ARGS=\n`,
      'KUBELET_KUBEADM_ARGS="--v=3"\nKUBELET_EXTRA_ARGS=\n',
    ],
    [
      'in a line that another one overrides, in two words',
      `KUBELET_EXTRA_ARGS='--v=3 --allowed-unsafe-sysctls net.core.somaxconn'\nKUBELET_EXTRA_ARGS=--v=4\n`,
      `KUBELET_EXTRA_ARGS='--v=3'\nKUBELET_EXTRA_ARGS=--v=4\n`,
    ],
    [
      'in a list that the kubelet cannot read',
      `KUBELET_EXTRA_ARGS='--v=3 --allowed-unsafe-sysctls=x\\"net.core.somaxconn'\n`,
      `KUBELET_EXTRA_ARGS='--v=3'\n`,
    ],
    ['with CRLF', `A=1\r\nKUBELET_EXTRA_ARGS='--v=3 ${OURS}'\r\n`, `A=1\r\nKUBELET_EXTRA_ARGS='--v=3'\r\n`],
  ])('removes our flag where another party wrote it %s', (_how, found, expected) => {
    expect(revert(found, 'KUBELET_EXTRA_ARGS=--v=2\n')).toBe(expected);
  });

  test('removes our flag from a line with escaped blanks, with the blank before it', () => {
    for (const flag of [OURS, OURS.replace('=', '\\ '), OURS.replace('sysctls', 'sysctl')]) {
      expect(revert(`KUBELET_EXTRA_ARGS=--v=3\\ ${flag}\\ --x=1\n`, undefined)).toBe(
        'KUBELET_EXTRA_ARGS=--v=3\\ --x=1\n',
      );
    }
  });

  test('restores the bytes of the line in force when its value is as before', () => {
    expect(revert(`# new\nKUBELET_EXTRA_ARGS='--v=3 ${OURS}'\n`, 'KUBELET_EXTRA_ARGS=--v=3\n')).toBe(
      '# new\nKUBELET_EXTRA_ARGS=--v=3\n',
    );
  });

  test.each([
    ['in another form', `--v=4 --allowed-unsafe-sysctls net.core.somaxconn`],
    ['under another name', '--v=4 --allowed-unsafe-sysctl=net.core.somaxconn'],
    ['glued to another word', `--v=4${OURS}`],
  ])('removes our flag from another variable that our change edited, %s', (_how, value) => {
    expect(revert(`KUBELET_FLAGS="${value}"\nB=2\n`, 'KUBELET_FLAGS="--v=3"\n', 'KUBELET_FLAGS')).toBe(
      'KUBELET_FLAGS="--v=4"\nB=2\n',
    );
  });

  /** What other programs make of a line with our flag: each returns lines. */
  const rewriters: readonly ((line: string, flag: string) => string)[] = [
    (text, flag) => text.replace(flag, `${flag},kernel.msgmax`),
    (text, flag) =>
      text.replace(
        flag,
        flag
          .split(',')
          .toReversed()
          .join(',')
          .replace(/^(.*),(--[^=]*=)(.*)$/u, '$2$3,$1'),
      ),
    (text, flag) => text.replace(flag, flag.replace('=', ' ')),
    (text, flag) => text.replace(flag, flag.replaceAll('-', '_').replace('__', '--')),
    (text, flag) =>
      text.replace(
        flag,
        `--allowed-unsafe-sysctls=${flag.split(/[=,]/u).slice(1).join(' --allowed-unsafe-sysctls=')}`,
      ),
    (text) => `${text}\n${text}`,
    (text) => `${text}\nKUBELET_EXTRA_ARGS=--v=9`,
    (text) => text.replace('KUBELET_EXTRA_ARGS=', 'KUBELET_EXTRA_ARGS =  '),
    (text) => text.replace('KUBELET_EXTRA_ARGS', 'KUBELET_KUBEADM_ARGS'),
    (text) => text.replaceAll('\n', '\r\n'),
    (text) => `# was: ${text.replaceAll('\n', '; ')}\n${text}`,
    (text) => text.replace('--v=2', '--v=5'),
  ];
  test('removes our names, and nothing else, from what any of these programs make of the line, one after the other', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...rewriters), { maxLength: 4 }),
        fc.constantFrom("'", '"'),
        fc.constantFrom(
          ['net.core.somaxconn'],
          ['kernel.sem', 'net.core.somaxconn'],
          ['fs.mqueue.*', 'kernel.shm*'],
        ),
        (steps, mark, ours) => {
          const flag = `--allowed-unsafe-sysctls=${ours.join(',')}`;
          const after = `KUBELET_EXTRA_ARGS=${mark}--node-ip=10.0.0.1 ${flag} --v=2${mark}`;
          const found = steps.reduce((text, step) => step(text, flag), after);
          const reverted = Buffer.from(
            revertAllowances({
              path: '/etc/default/kubelet',
              found: Buffer.from(`A=1\n${found}\nB=2\n`),
              before: Buffer.from(`A=1\nKUBELET_EXTRA_ARGS=${mark}--node-ip=10.0.0.1 --v=2${mark}\nB=2\n`),
              applied: ours,
              configuredAfter: ours,
              flag: { before: undefined, after: flag },
              systemdVersion: 255,
            }),
          ).toString();

          const lines = reverted.split(/\r?\n/u).filter((text) => !text.startsWith('#'));
          expect(lines.join('\n')).not.toMatch(
            new RegExp(ours.map((name) => name.replaceAll(/[.*]/gu, String.raw`\$&`)).join('|'), 'u'),
          );
          expect(
            lines.filter((text) => text.startsWith('KUBELET') && text.includes('--node-ip=10.0.0.1')).length,
          ).toBe(
            found
              .split(/\r?\n/u)
              .filter((text) => text.startsWith('KUBELET') && text.includes('--node-ip=10.0.0.1')).length,
          );
          expect(reverted.startsWith('A=1')).toBe(true);
          expect(reverted.endsWith('B=2\n')).toBe(true);
        },
      ),
    );
  });

  const line = fc.constantFrom('# note', 'OTHER=1', 'PROVIDER_ID="a b"', '', 'KUBELET_OTHER=--v=9');
  test('reverts a plan and keeps lines that another party added', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('', '--v=3', '--node-ip=10.0.0.1 --v=2', '--allowed-unsafe-sysctls=kernel.sem --v=2'),
        fc.array(line, { maxLength: 4 }),
        fc.array(line, { maxLength: 4 }),
        (value, above, below) => {
          const before = `KUBELET_EXTRA_ARGS='${value}'\n`;
          const plan = planChange({
            unit: kubeadmUnit(before),
            config: NO_CONFIG,
            desired: ['net.core.somaxconn'],
            lastApplied: NOTHING_APPLIED,
            unmanaged: 'Keep',
            goal: 'Apply',
          });
          if (plan.kind !== 'planned' || plan.after === undefined) throw new Error('Expected a plan.');
          const after = Buffer.from(plan.after).toString();

          const found = Buffer.from([...above, after.trimEnd(), ...below, ''].join('\n'));
          const reverted = revertAllowances({
            path: plan.file,
            found,
            before: Buffer.from(before),
            applied: plan.remember.ours,
            configuredAfter: plan.configured.after,
            flag: { before: undefined, after: OURS },
            systemdVersion: 252,
          });

          const again = planChange({
            unit: kubeadmUnit(Buffer.from(reverted).toString()),
            config: NO_CONFIG,
            desired: [],
            lastApplied: NOTHING_APPLIED,
            unmanaged: 'Keep',
            goal: 'Apply',
          });
          expect(again).toMatchObject({ words: { before: plan.words.before } });
        },
      ),
    );
  });
});
