import { describe, expect, it } from 'vitest';
import type { SeenNode } from '../../../agent/rollout/ports.ts';
import { seenNodes, type SeenNodes } from '../../../agent/rollout/apply/node-store.ts';
import { seenNode } from '../fleet-nodes.ts';

const listOf = (...nodes: SeenNode[]): Map<string, SeenNode> =>
  new Map(nodes.map((seen) => [seen.node.name, seen]));

/** Writes an approval over what the store has of `a`; the Node then has the version `version`. */
function approve(store: SeenNodes, version: number, approvedRevision: string): void {
  const over = store.get('a') ?? seenNode('a');
  store.wrote(over, seenNode('a', version, { ...over.node, approvedRevision }));
}

describe('the picture of the Nodes', () => {
  it('is news when something differs that a rollout reads, and not when only the version does', () => {
    const store = seenNodes();
    expect(store.put(seenNode('a', 1))).toBe(true);
    const { node } = store.get('a') ?? {};
    expect(store.put(seenNode('a', 2))).toBe(false);
    expect(store.get('a')?.resourceVersion).toBe('2');
    expect(store.get('a')?.node).toBe(node);
    expect(store.put(seenNode('a', 3, { state: 'Working' }))).toBe(true);
  });

  it('follows a list with lower versions, as an API server gives it after an etcd restore', () => {
    const store = seenNodes();
    store.put(seenNode('a', 900, { state: 'Done' }));
    expect(store.replace(listOf(seenNode('a', 500, { state: 'Pending' })))).toBe(true);
    expect(store.get('a')).toMatchObject({ resourceVersion: '500', node: { state: 'Pending' } });
    expect(store.put(seenNode('a', 501, { state: 'Working' }))).toBe(true);
  });

  it('compares versions for equality alone', () => {
    const store = seenNodes();
    store.put({ ...seenNode('a', 0, { state: 'Working' }), resourceVersion: 'zebra' });
    store.put({ ...seenNode('a', 0, { state: 'Done' }), resourceVersion: 'ape' });
    expect(store.get('a')).toMatchObject({ resourceVersion: 'ape', node: { state: 'Done' } });
  });

  it('loses the Nodes that a new list does not have', () => {
    const store = seenNodes();
    store.replace(listOf(seenNode('a'), seenNode('b')));
    expect(store.replace(listOf(seenNode('a')))).toBe(true);
    expect(store.nodes().map(({ name }) => name)).toEqual(['a']);
  });
});

describe('the answer to an own write', () => {
  it('is taken in, unless the Node is gone', () => {
    const store = seenNodes();
    store.put(seenNode('a', 1));
    approve(store, 2, 'x');
    expect(store.get('a')?.node.approvedRevision).toBe('x');
    const over = store.get('a') ?? seenNode('a');
    store.remove('a');
    store.wrote(over, seenNode('a', 3));
    expect(store.nodes()).toEqual([]);
  });

  it('stays when the watch or a list that began before it gives what it was written over', () => {
    const store = seenNodes();
    store.put(seenNode('a', 1));
    approve(store, 2, 'x');
    approve(store, 3, 'y');
    expect(store.replace(listOf(seenNode('a', 1)))).toBe(false);
    expect(store.put(seenNode('a', 2, { approvedRevision: 'x' }))).toBe(false);
    expect(store.get('a')).toMatchObject({ resourceVersion: '3', node: { approvedRevision: 'y' } });
  });

  it('gives way to what somebody wrote over it, in a list as in a watch', () => {
    const store = seenNodes();
    store.put(seenNode('a', 1));
    approve(store, 2, 'x');
    store.replace(listOf(seenNode('a', 4, { approvedRevision: 'x', state: 'Working' })));
    expect(store.get('a')?.node.state).toBe('Working');
    approve(store, 5, 'y');
    store.put(seenNode('a', 6, { approvedRevision: 'y', state: 'Done' }));
    expect(store.get('a')?.node.state).toBe('Done');
  });

  it('is not taken in when something newer than what it was written over was seen meanwhile', () => {
    const store = seenNodes();
    store.put(seenNode('a', 1));
    const over = store.get('a') ?? seenNode('a');
    store.put(seenNode('a', 2, { approvedRevision: 'x' }));
    store.put(seenNode('a', 3, { approvedRevision: 'x', state: 'Working' }));
    store.wrote(over, seenNode('a', 2, { approvedRevision: 'x' }));
    expect(store.get('a')).toMatchObject({ resourceVersion: '3', node: { state: 'Working' } });
  });

  it('gives way to a list from a restored etcd that does not have it', () => {
    const store = seenNodes();
    store.put(seenNode('a', 900));
    approve(store, 901, 'x');
    store.replace(listOf(seenNode('a', 500)));
    expect(store.get('a')).toMatchObject({ resourceVersion: '500', node: { approvedRevision: undefined } });
  });

  it('does not hide what comes back with its version once the API server has shown it', () => {
    const store = seenNodes();
    store.put(seenNode('a', 900));
    approve(store, 901, 'x');
    store.put(seenNode('a', 901, { approvedRevision: 'x' }));
    store.replace(listOf(seenNode('a', 900)));
    expect(store.get('a')).toMatchObject({ resourceVersion: '900', node: { approvedRevision: undefined } });
  });

  it('gives way to a list that began after it, also where that has what it was written over', () => {
    const store = seenNodes();
    store.put(seenNode('a', 900));
    approve(store, 901, 'x');
    store.listing();
    store.replace(listOf(seenNode('a', 900)));
    expect(store.get('a')).toMatchObject({ resourceVersion: '900', node: { approvedRevision: undefined } });
  });

  it('is assumed when it did not come, until the API server shows another version', () => {
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

  it('is assumed no longer once the write was answered', () => {
    const store = seenNodes();
    store.put(seenNode('a', 1));
    const over = store.get('a') ?? seenNode('a');
    store.assume(over, { ...over.node, approvedRevision: 'x' });
    approve(store, 2, 'x');
    expect([store.assumed(), store.get('a')?.node.approvedRevision]).toEqual([[], 'x']);
  });

  it('that changed nothing keeps the version and hides nothing', () => {
    const store = seenNodes();
    store.put(seenNode('a', 1));
    const over = store.get('a') ?? seenNode('a');
    store.wrote(over, over);
    expect(store.put(seenNode('a', 2, { state: 'Working' }))).toBe(true);
  });
});
