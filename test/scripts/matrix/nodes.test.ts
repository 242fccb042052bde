import { describe, expect, it } from 'vitest';
import { DEFAULT_KUBERNETES_VERSION, OLDEST_KUBELET_VERSION } from '../../../scripts/bed/build/kubernetes.ts';
import { LAYOUTS } from '../../../scripts/bed/node/layouts.ts';
import { differencesFrom, e2eNodes } from '../../../scripts/matrix/nodes.ts';

describe('the nodes of the end-to-end tier', () => {
  it('have the newest kubelet and the oldest', () => {
    expect(new Set(e2eNodes(undefined).map(({ kubelet }) => kubelet))).toEqual(
      new Set([DEFAULT_KUBERNETES_VERSION, OLDEST_KUBELET_VERSION]),
    );
  });

  it('all have the one kubelet of the matrix, on every layout', () => {
    const nodes = e2eNodes('1.33.13');
    expect(new Set(nodes.map(({ kubelet }) => kubelet))).toEqual(new Set(['1.33.13']));
    expect(nodes.map(({ layout }) => layout).toSorted()).toEqual(LAYOUTS.toSorted());
  });
});

describe('a bed that was kept', () => {
  const wanted = e2eNodes('1.33.13');

  it('may have additional nodes', () => {
    const found = [...wanted, { name: 'late', layout: 'rpm' } as const];
    expect(differencesFrom(found, wanted)).toEqual([]);
    expect(differencesFrom(found.slice(1), wanted)).toHaveLength(1);
  });

  it('differs from this run by the kubelet or the layout of a node', () => {
    expect(differencesFrom(e2eNodes('1.30.14'), wanted)).toHaveLength(wanted.length);
    const [first, second, ...others] = wanted;
    if (first === undefined || second === undefined) throw new Error('Expected five nodes.');
    const found = [{ ...first, layout: second.layout }, second, ...others];
    expect(differencesFrom(found, wanted)).toEqual([expect.stringContaining(first.name)]);
  });

  it('has the newest kubelet on a node that names none', () => {
    const newest = e2eNodes(DEFAULT_KUBERNETES_VERSION);
    expect(
      differencesFrom(
        newest.map(({ name, layout }) => ({ name, layout })),
        newest,
      ),
    ).toEqual([]);
  });
});
