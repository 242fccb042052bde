import { describe, expect, it } from 'vitest';
import type { SeenNode } from '../../../agent/rollout/ports.ts';
import { seenNodes, type SeenNodes } from '../../../agent/rollout/apply/node-store.ts';
import { seenNode } from '../fleet-nodes.ts';

const listOf = (...nodes: SeenNode[]): Map<string, SeenNode> =>
  new Map(nodes.map((seen) => [seen.node.name, seen]));

/** Writes an approval over the stored Node `a`, which then has the version `version`. */
function approve(store: SeenNodes, version: number, approvedRevision: string): void {
  const over = store.get('a') ?? seenNode('a');
  store.wrote(over, seenNode('a', version, { ...over.node, approvedRevision }));
}

describe('the node store', () => {
  it('reports a change when a field differs that a rollout reads, and not when only the version does', () => {
    const store = seenNodes();
    expect(store.put(seenNode('a', 1))).toBe(true);
    const { node } = store.get('a') ?? {};
    expect(store.put(seenNode('a', 2))).toBe(false);
    expect(store.get('a')?.resourceVersion).toBe('2');
    expect(store.get('a')?.node).toBe(node);
    expect(store.put(seenNode('a', 3, { state: 'Working' }))).toBe(true);
  });

  it('stores a list with lower versions, as after an etcd restore', () => {
    const store = seenNodes();
    store.put(seenNode('a', 900, { state: 'Done' }));
    expect(store.replace(listOf(seenNode('a', 500, { state: 'Pending' })))).toBe(true);
    expect(store.get('a')).toMatchObject({ resourceVersion: '500', node: { state: 'Pending' } });
    expect(store.put(seenNode('a', 501, { state: 'Working' }))).toBe(true);
  });

  it('compares versions only for equality', () => {
    const store = seenNodes();
    store.put({ ...seenNode('a', 0, { state: 'Working' }), resourceVersion: 'zebra' });
    store.put({ ...seenNode('a', 0, { state: 'Done' }), resourceVersion: 'ape' });
    expect(store.get('a')).toMatchObject({ resourceVersion: 'ape', node: { state: 'Done' } });
  });

  it('drops the Nodes that a new list does not contain', () => {
    const store = seenNodes();
    store.replace(listOf(seenNode('a'), seenNode('b')));
    expect(store.replace(listOf(seenNode('a')))).toBe(true);
    expect(store.nodes().map(({ name }) => name)).toEqual(['a']);
  });
});

describe('the answer to a write of the coordinator', () => {
  it('stores the answer to a write unless the Node was deleted', () => {
    const store = seenNodes();
    store.put(seenNode('a', 1));
    approve(store, 2, 'x');
    expect(store.get('a')?.node.approvedRevision).toBe('x');
    const over = store.get('a') ?? seenNode('a');
    store.remove('a');
    store.wrote(over, seenNode('a', 3));
    expect(store.nodes()).toEqual([]);
  });

  it('keeps the answer when a late watch event or list has the version that the write replaced', () => {
    const store = seenNodes();
    store.put(seenNode('a', 1));
    approve(store, 2, 'x');
    approve(store, 3, 'y');
    expect(store.replace(listOf(seenNode('a', 1)))).toBe(false);
    expect(store.put(seenNode('a', 2, { approvedRevision: 'x' }))).toBe(false);
    expect(store.get('a')).toMatchObject({ resourceVersion: '3', node: { approvedRevision: 'y' } });
  });

  it('replaces the answer by a later write of another client, from a list or a watch', () => {
    const store = seenNodes();
    store.put(seenNode('a', 1));
    approve(store, 2, 'x');
    store.replace(listOf(seenNode('a', 4, { approvedRevision: 'x', state: 'Working' })));
    expect(store.get('a')?.node.state).toBe('Working');
    approve(store, 5, 'y');
    store.put(seenNode('a', 6, { approvedRevision: 'y', state: 'Done' }));
    expect(store.get('a')?.node.state).toBe('Done');
  });

  it('ignores the answer when a newer version was received in the meantime', () => {
    const store = seenNodes();
    store.put(seenNode('a', 1));
    const over = store.get('a') ?? seenNode('a');
    store.put(seenNode('a', 2, { approvedRevision: 'x' }));
    store.put(seenNode('a', 3, { approvedRevision: 'x', state: 'Working' }));
    store.wrote(over, seenNode('a', 2, { approvedRevision: 'x' }));
    expect(store.get('a')).toMatchObject({ resourceVersion: '3', node: { state: 'Working' } });
  });

  it('replaces the answer by a list from a restored etcd that does not contain the write', () => {
    const store = seenNodes();
    store.put(seenNode('a', 900));
    approve(store, 901, 'x');
    store.replace(listOf(seenNode('a', 500)));
    expect(store.get('a')).toMatchObject({ resourceVersion: '500', node: { approvedRevision: undefined } });
  });

  it('stores a restored Node with a replaced version after the API server has sent the write', () => {
    const store = seenNodes();
    store.put(seenNode('a', 900));
    approve(store, 901, 'x');
    store.put(seenNode('a', 901, { approvedRevision: 'x' }));
    store.replace(listOf(seenNode('a', 900)));
    expect(store.get('a')).toMatchObject({ resourceVersion: '900', node: { approvedRevision: undefined } });
  });

  it('replaces the answer by a list that began after it, also with the replaced version', () => {
    const store = seenNodes();
    store.put(seenNode('a', 900));
    approve(store, 901, 'x');
    store.listing();
    store.replace(listOf(seenNode('a', 900)));
    expect(store.get('a')).toMatchObject({ resourceVersion: '900', node: { approvedRevision: undefined } });
  });

  it('assumes a write without an answer until the API server sends another version', () => {
    const store = seenNodes();
    store.put(seenNode('a', 1));
    const over = store.get('a') ?? seenNode('a');
    store.assume(over, { ...over.node, approvedRevision: 'x' });
    store.listing();
    store.replace(listOf(seenNode('a', 1)));
    expect(store.assumed().map(({ approvedRevision }) => approvedRevision)).toEqual(['x']);
    expect(store.get('a')?.resourceVersion).toBe('1');
    store.put(seenNode('a', 2));
    expect([store.assumed(), store.get('a')?.node.approvedRevision]).toEqual([[], undefined]);
    store.assume(over, { ...over.node, approvedRevision: 'x' });
    expect(store.assumed()).toEqual([]);
  });

  it('ends the assumption when the write was answered', () => {
    const store = seenNodes();
    store.put(seenNode('a', 1));
    const over = store.get('a') ?? seenNode('a');
    store.assume(over, { ...over.node, approvedRevision: 'x' });
    approve(store, 2, 'x');
    expect([store.assumed(), store.get('a')?.node.approvedRevision]).toEqual([[], 'x']);
  });

  it('stores later events after a write that changed nothing and kept the version', () => {
    const store = seenNodes();
    store.put(seenNode('a', 1));
    const over = store.get('a') ?? seenNode('a');
    store.wrote(over, over);
    expect(store.put(seenNode('a', 2, { state: 'Working' }))).toBe(true);
  });
});
