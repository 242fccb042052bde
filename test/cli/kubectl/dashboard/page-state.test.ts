import { describe, expect, it } from 'vitest';
import { differences, headOf, tilesOf } from '../../../../agent/cli/kubectl/dashboard/page-state.ts';
import { node, POLICY } from '../nodes.ts';
import { fleetOf, viewOf } from './views.ts';

const PLACE = { server: 'https://api:6443', context: 'here', namespace: 'kubelet-sysctl-agent' };
const PROFILES = {
  ...POLICY,
  profiles: '- name: db\n  nodeSelector: {pool: db}\n  allowedUnsafeSysctls: kernel.sem\n',
};

function broken(name: string): object {
  return node(name, { state: 'Blocked', reason: 'Pod a/b uses kernel.sem.' });
}

describe('what the page shows', () => {
  it('has a tile for each node with its standing, state, zone, profile and pause', () => {
    const labels = { 'topology.kubernetes.io/zone': 'a', pool: 'db' };
    const fleet = fleetOf(
      [node('n1', { labels }, PROFILES), node('n2', { paused: true, state: 'Observing' })],
      PROFILES,
    );
    expect([...tilesOf(viewOf(fleet), fleet).values()]).toEqual([
      { name: 'n1', standing: 'done', state: 'Done', zone: 'a', profile: 'db', paused: false, canary: false },
      expect.objectContaining({ name: 'n2', state: 'Observing', zone: '', profile: '', paused: true }),
    ]);
  });

  it('has no tile for a Node without an agent, such as one with Windows', () => {
    const windows = {
      metadata: { name: 'w1', resourceVersion: '1', labels: { 'kubernetes.io/os': 'windows' } },
    };
    const fleet = fleetOf([node('n1'), windows]);
    expect([...tilesOf(viewOf(fleet), fleet).keys()]).toEqual(['n1']);
  });

  it('differs only by the nodes that changed, are new or are gone', () => {
    const before = fleetOf([node('n1'), node('n2'), node('n3')]);
    const now = fleetOf([node('n1'), node('n2', { paused: true }), node('n4')]);
    const [was, is] = [tilesOf(viewOf(before), before), tilesOf(viewOf(now), now)];
    const { nodes, gone } = differences(was, is);
    expect([nodes.map(({ name }) => name), gone]).toEqual([['n2', 'n4'], ['n3']]);
    expect(differences(is, is)).toEqual({ nodes: [], gone: [] });
  });

  it('names what needs attention with the fix, in groups, at most twelve names each', () => {
    const fleet = fleetOf(Array.from({ length: 30 }, (_, at) => broken(`n${at + 1}`)));
    const { attention, attentionMore } = headOf(viewOf(fleet), PLACE, '');
    expect(attention).toMatchObject([
      { standing: 'held', total: 30, text: 'Blocked: Pod a/b uses kernel.sem.' },
    ]);
    expect(attention[0]?.names).toHaveLength(12);
    expect(attentionMore).toBe(0);
  });

  it('escapes control characters of a report', () => {
    const fleet = fleetOf([node('n1', { state: 'Blocked', reason: 'a\u001b[31m\u202eb' })]);
    expect(JSON.stringify(headOf(viewOf(fleet), PLACE, ''))).not.toMatch(/\\u001b\[|\u202e/u);
  });
});
