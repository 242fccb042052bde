import { describe, expect, it } from 'vitest';
import type { Message, NodeTile } from '../../../../../agent/cli/kubectl/dashboard/messages.ts';
import { EMPTY, received } from '../../../../../agent/cli/kubectl/dashboard/page/model/model.ts';
import { headOf } from '../../../../../agent/cli/kubectl/dashboard/page-state.ts';
import { fleetOf, viewOf } from '../views.ts';

const HEAD = headOf(viewOf(fleetOf([])), { server: 's', context: 'c', namespace: 'n' }, '');

function message(parts: Partial<Message>): Message {
  return { isSnapshot: false, head: HEAD, nodes: [], gone: [], moments: [], samples: [], ...parts };
}

function tile(name: string, standing: NodeTile['standing'] = 'done'): NodeTile {
  return { name, standing, state: 'Done', zone: '', profile: '', paused: false, canary: false };
}

function moment(id: number, text = ''): Message['moments'][number] {
  return { id, at: id, kind: 'phase', title: 'Done', text };
}

describe("the page's model", () => {
  it('changes the nodes that a message names, and no others', () => {
    const first = received(EMPTY, message({ isSnapshot: true, nodes: [tile('a'), tile('b'), tile('c')] }));
    const next = received(first, message({ nodes: [tile('b', 'failed'), tile('d')], gone: ['c'] }));
    expect([...next.tiles].map(([name, { standing }]) => `${name} ${standing}`)).toEqual([
      'a done',
      'b failed',
      'd done',
    ]);
    expect([...first.tiles.keys()]).toEqual(['a', 'b', 'c']);
  });

  it('forgets everything at a snapshot, as after a reconnection', () => {
    const first = received(EMPTY, message({ isSnapshot: true, nodes: [tile('a')], moments: [moment(1)] }));
    const again = received(first, message({ isSnapshot: true, nodes: [tile('b')], moments: [moment(2)] }));
    expect([[...again.tiles.keys()], again.moments.map(({ id }) => id)]).toEqual([['b'], [2]]);
  });

  it('replaces a moment by one with the same id, and keeps at most 200', () => {
    const many = Array.from({ length: 250 }, (_, at) => moment(at + 1));
    const { moments } = received(
      received(EMPTY, message({ moments: many })),
      message({ moments: [moment(100, 'more')] }),
    );
    expect(moments).toHaveLength(200);
    expect(moments.filter(({ id }) => id === 100)).toEqual([moment(100, 'more')]);
    expect(moments.at(-1)?.id).toBe(250);
  });
});
