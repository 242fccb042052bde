import { describe, expect, it } from 'vitest';
import {
  NO_MOMENTS,
  withMoments,
  type Moments,
  type Seen,
} from '../../../../agent/cli/kubectl/dashboard/moments.ts';
import { node, POLICY } from '../nodes.ts';
import { fleetOf, viewOf } from './views.ts';

const NEXT = { allowedUnsafeSysctls: 'net.core.somaxconn, kernel.sem' };

function seen(
  nodes: readonly object[],
  policy: Readonly<Record<string, string>> = POLICY,
  trouble = '',
): Seen {
  return { view: viewOf(fleetOf(nodes, policy)), trouble };
}

function played(steps: readonly (readonly [number, Seen])[]): Moments {
  return steps.reduce(
    (moments, [at, now], index) => withMoments(moments, steps[index - 1]?.[1], now, at),
    NO_MOMENTS,
  );
}

function lines({ all }: Moments): readonly string[] {
  return all.map(({ title, text }) => `${title}: ${text}`);
}

const working = (name: string): object => node(name, { state: 'Working', applied: POLICY }, NEXT);

describe('the moments of a rollout', () => {
  it('begin with the phase, and name the edit, the phases and the nodes in their order', () => {
    const moments = played([
      [0, seen([node('n1'), node('n2')])],
      [1000, seen([node('n1'), node('n2')], NEXT)],
      [2000, seen([working('n1'), node('n2')], NEXT)],
      [3000, seen([node('n1', {}, NEXT), working('n2')], NEXT)],
      [4000, seen([node('n1', {}, NEXT), node('n2', {}, NEXT)], NEXT)],
    ]);
    expect(lines(moments)).toEqual([
      expect.stringMatching(/^Done: All of 2 nodes/u),
      expect.stringMatching(/^Policy: Enforce, revision [0-9a-f]{10}\.$/u),
      expect.stringMatching(/^Canary: /u),
      'changing: n1',
      expect.stringMatching(/^Rolling: /u),
      'done: n1',
      'changing: n2',
      expect.stringMatching(/^Done: /u),
      'done: n2',
    ]);
    expect(moments.all.map(({ at }) => at)).toEqual([0, 1000, 1000, 2000, 3000, 3000, 3000, 4000, 4000]);
  });

  it('put nodes that come to the same standing within ten seconds together, under one id', () => {
    const names = ['n1', 'n2', 'n3', 'n4', 'n5'];
    const steps = [0, 1, 2, 3, 4, 5].map((failed): readonly [number, Seen] => [
      failed * 2500,
      seen(
        names.map((name, at) =>
          at < failed ? node(name, { state: 'Degraded', failed: true, reason: 'no' }) : node(name),
        ),
        { ...POLICY, failureThreshold: '9' },
      ),
    ]);
    const failures = played(steps).all.filter(({ kind }) => kind === 'failed');
    expect(failures.map(({ title, text }) => [title, text])).toEqual([
      ['4 nodes failed', 'n1, n2, n3 and 1 more'],
      ['failed', 'n5'],
    ]);
    expect(new Set(failures.map(({ id }) => id)).size).toBe(2);
  });

  it('tell when the API server is away and when it is back, once each', () => {
    const nodes = [node('n1')];
    const away = 'No connection to https://api: refused.';
    const moments = played([
      [0, seen(nodes)],
      [1000, seen(nodes, POLICY, away)],
      [2000, seen(nodes, POLICY, `${away} Again.`)],
      [3000, seen(nodes)],
    ]);
    expect(lines(moments).slice(1)).toEqual([`API server: ${away}`, 'API server: answers again.']);
    expect(moments.fresh).toHaveLength(1);
  });

  it('stay bounded, and their ids rise', () => {
    const nodes = [node('n1')];
    const steps = Array.from({ length: 1000 }, (_, at): readonly [number, Seen] => [
      at * 1000,
      seen(nodes, POLICY, at % 2 === 0 ? '' : 'away'),
    ]);
    const { all } = played(steps);
    expect(all).toHaveLength(200);
    expect(all.every(({ id }, at) => at === 0 || id > (all[at - 1]?.id ?? 0))).toBe(true);
  });
});
