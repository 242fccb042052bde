import { describe, expect, it } from 'vitest';
import { seenNodes } from '../../agent/rollout/seen-nodes.ts';
import type { SeenNode } from '../../agent/rollout/ports.ts';
import { seenNode } from './fleet-nodes.ts';

const listOf = (...nodes: SeenNode[]): Map<string, SeenNode> =>
  new Map(nodes.map((seen) => [seen.node.name, seen]));

describe('the nodes seen', () => {
  it('are news when something differs that a rollout looks at, and not when only the version does', () => {
    const store = seenNodes();
    expect(store.put(seenNode('a', 1))).toBe(true);
    const { node } = store.get('a') ?? {};
    expect(store.put(seenNode('a', 2))).toBe(false);
    expect(store.get('a')?.resourceVersion).toBe('2');
    expect(store.get('a')?.node).toBe(node);
    expect(store.put(seenNode('a', 3, { state: 'Working' }))).toBe(true);
  });

  it('are never replaced by older ones, however long the numbers', () => {
    const store = seenNodes();
    store.put(seenNode('a', 9, { state: 'Done' }));
    store.put({ ...seenNode('a', 0, { state: 'Working' }), resourceVersion: '10' });
    expect(store.put(seenNode('a', 9, { state: 'Pending' }))).toBe(false);
    expect(store.get('a')?.node.state).toBe('Working');
    expect(store.replace(listOf(seenNode('a', 8)))).toBe(false);
    expect(store.get('a')?.node.state).toBe('Working');
  });

  it('lose what a new list does not have', () => {
    const store = seenNodes();
    store.replace(listOf(seenNode('a'), seenNode('b')));
    expect(store.replace(listOf(seenNode('a')))).toBe(true);
    expect(store.nodes().map(({ name }) => name)).toEqual(['a']);
  });

  it('take in what was written, unless the Node is gone', () => {
    const store = seenNodes();
    store.put(seenNode('a', 1));
    store.wrote(seenNode('a', 2, { approvedRevision: 'x' }));
    expect(store.get('a')?.node.approvedRevision).toBe('x');
    store.remove('a');
    store.wrote(seenNode('a', 3));
    expect(store.nodes()).toEqual([]);
  });
});
