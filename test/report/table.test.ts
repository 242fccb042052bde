import { describe, expect, it } from 'vitest';
import { KEYS } from '../../agent/names.ts';
import { renderTable } from '../../agent/report/table.ts';

describe('renderTable', () => {
  const done = {
    name: 'n1',
    annotations: {
      [KEYS.state]: 'Done',
      [KEYS.desired]: 'net.core.somaxconn',
      [KEYS.running]: 'net.core.somaxconn',
      [KEYS.desiredRevision]: 'abc',
      [KEYS.appliedRevision]: 'abc',
      [KEYS.reason]: 'All is well.',
    },
  };

  it('prints the nodes in aligned columns, an empty value as - and an unknown one as ?', () => {
    const behind = {
      name: 'a-longer-name',
      annotations: {
        [KEYS.state]: 'Working',
        [KEYS.running]: '',
        [KEYS.drift]: 'missing: kernel.sem',
        [KEYS.desiredRevision]: 'abc',
        [KEYS.reason]: 'Restarts\nthe kubelet.',
      },
    };
    expect(renderTable([done, behind])).toBe(
      [
        'NODE            STATE     DESIRED              RUNNING              DRIFT                 REVISION     REASON',
        'n1              Done      net.core.somaxconn   net.core.somaxconn   -                     abc          All is well.',
        'a-longer-name   Working   ?                    -                    missing: kernel.sem   none → abc   Restarts the kubelet.',
      ].join('\n'),
    );
  });

  it('cuts long cells with an ellipsis', () => {
    const [, row = ''] = renderTable([
      { name: 'n', annotations: { ...done.annotations, [KEYS.desired]: 'x'.repeat(500) } },
    ]).split('\n');
    expect(row).toContain(`${'x'.repeat(47)}…   net.core`);
  });

  it('prints only the titles when there is no node', () => {
    expect(renderTable([])).toBe('NODE   STATE   DESIRED   RUNNING   DRIFT   REVISION   REASON');
  });
});
