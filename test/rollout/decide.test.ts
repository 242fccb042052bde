import { describe, expect, it } from 'vitest';
import { decideRollout } from '../../agent/rollout/decide.ts';
import { isRevision, APPROVAL_MARKERS } from '../../agent/names.ts';
import type { FleetNode, RolloutDecision } from '../../agent/rollout/fleet.ts';
import type { PolicyNow } from '../../agent/rollout/decision/gate.ts';
import {
  approved,
  CONTROL_PLANE,
  done,
  failed,
  many,
  NEW,
  notReady,
  NOW,
  OLD,
  revisionOf,
  secondsAgo,
  unheard,
  valid,
  waiting,
  working,
  zone,
} from './fleets.ts';

/** One after the other, with no canary. */
const ONE = { maxUnavailable: '1', canary: '0' };

describe('maxUnavailable', () => {
  it.each([
    ['1', 25, 1],
    ['3', 25, 3],
    ['10%', 25, 2],
    ['10%', 9, 1],
    ['100%', 5, 5],
    ['7', 5, 5],
  ])('%s of %i nodes lets %i go', (maxUnavailable, count, expected) => {
    const decision = decide(many(count, waiting), { maxUnavailable, canary: '0' });
    expect(approvedBy(decision)).toEqual(many(expected, waiting).map(({ name }) => name));
    expect(decision.phase).toBe('Rolling');
  });

  it.each<[string, FleetNode]>([
    ['is at work', working('a')],
    ['is approved and has not begun', approved('a')],
    [
      'is approved for an older list that it still wants',
      approved('a', { desiredRevision: OLD, appliedRevision: 'x' }),
    ],
    ['is at work on an older list', working('a', { desiredRevision: OLD })],
    ['is approved, and has said nothing yet', unheard('a', { approvedRevision: NEW })],
    ['may have begun with an older list and said nothing', unheard('a', { approvedRevision: '1111111111' })],
    ['is where the policy wants it, and may have begun to leave', done('a', { approvedRevision: OLD })],
    ['is approved, though a guard holds it', approved('a', { state: 'Blocked' })],
    ['is approved, though it is not Ready for long', approved('a', notReady(600))],
    ['is not Ready for a moment', done('a', notReady(599))],
    ['is not Ready and held', waiting('a', { state: 'Blocked', ...notReady(5) })],
  ])('counts a node that %s', (_, node) => {
    expect(approvedBy(decide([node, waiting('b')], ONE))).toEqual([]);
    expect(approvedBy(decide([node, waiting('b')], { ...ONE, maxUnavailable: '2' }))).toContain('b');
  });

  it('counts a node that failed on this revision', () => {
    const policy = { ...ONE, failureThreshold: '2' };
    expect(approvedBy(decide([failed('a'), waiting('b')], policy))).toEqual([]);
    expect(approvedBy(decide([failed('a'), waiting('b')], { ...policy, maxUnavailable: '2' }))).toEqual([
      'b',
    ]);
  });

  it.each<[string, FleetNode]>([
    ['waits', waiting('z')],
    ['is held by a guard', waiting('a', { state: 'Blocked' })],
    ['is paused', waiting('a', { paused: true, state: 'Observing' })],
    ['cannot be changed', waiting('a', { state: 'Unreconcilable', desiredRevision: undefined })],
    ['is not Ready for long', done('a', notReady(600))],
    ['is about to join', working('a', { joining: true })],
    ['has no agent and is not Ready', waiting('a', { state: undefined, ...notReady(5) })],
    ['is not heard of', unheard('a', { approvedRevision: APPROVAL_MARKERS.unread })],
    [
      'did not answer',
      waiting('a', { approvedRevision: APPROVAL_MARKERS.unanswered, approvedAt: secondsAgo(60) }),
    ],
  ])('does not count a node that %s', (_, node) => {
    expect(approvedBy(decide([node, waiting('b')], ONE))).toEqual(['b']);
  });

  it('takes percentages of the nodes whose agents reported', () => {
    const others = [
      ...many(20, (name) => waiting(`x${name}`, { state: undefined })),
      ...many(20, (name) => done(`y${name}`, { joining: true })),
    ];
    expect(decide([...others, ...many(20, waiting)], { maxUnavailable: '10%' }).maxUnavailable).toBe(2);
  });

  it('lets a node that is unavailable anyway go without a further place', () => {
    const nodes = [working('a'), waiting('b'), waiting('c', notReady(30))];
    expect(approvedBy(decide(nodes, ONE))).toEqual(['c']);
  });
});

describe('right after an edit', () => {
  const broken = {
    desiredRevision: OLD,
    failedRevision: OLD,
    appliedRevision: 'x',
    approvedRevision: APPROVAL_MARKERS.unfinished,
  };
  const edited = { ...valid(ONE), readAt: NOW };

  it('nobody goes before all have answered: who answers first is not who is first in line', () => {
    const unanswered = [waiting('a'), failed('b', broken)];
    const early = decideRollout(unanswered, edited, NOW);
    expect([approvedBy(early), early.nextWakeup]).toEqual([[], secondsAgo(-5)]);
    expect(early.reason).toMatch(/agents of 1 node have not reported.*: b\./u);
    const answered = [waiting('a'), waiting('b', { approvedRevision: APPROVAL_MARKERS.unfinished })];
    expect(approvedBy(decideRollout(answered, edited, NOW))).toEqual(['b']);
  });

  it('those that do not answer hold nobody up for longer than that', () => {
    const late = { ...edited, readAt: secondsAgo(5) };
    const decision = decideRollout([waiting('a'), failed('b', broken)], late, NOW);
    expect([approvedBy(decision), decision.nextWakeup]).toEqual([['a'], undefined]);
  });

  it.each<[string, FleetNode]>([
    ['a person paused', unheard('b', { paused: true })],
    ['is not Ready for long', unheard('b', notReady(600))],
    ['no agent runs on', unheard('b', { state: undefined })],
    ['is about to join', unheard('b', { state: undefined, joining: true })],
    ['is at work', working('b', { desiredRevision: OLD })],
  ])('nobody waits for the answer of a node that %s', (_, node) => {
    const view = { ...valid({ ...ONE, maxUnavailable: '2' }), readAt: NOW };
    expect(approvedBy(decideRollout([waiting('a'), node], view, NOW))).toEqual(['a']);
  });

  it('nodes that are Done go without a word; a second is given to those that something holds up', () => {
    const early = decideRollout([unheard('a')], edited, NOW);
    expect([approvedBy(early), early.nextWakeup]).toEqual([[], secondsAgo(-1)]);
    expect(early.reason).toMatch(/may still report/u);
    const late = { ...edited, readAt: secondsAgo(1) };
    expect(approvedBy(decideRollout([unheard('a')], late, NOW))).toEqual(['a']);
  });

  it('a node that joins goes at once', () => {
    const nodes = [waiting('a', { joining: true }), unheard('b'), waiting('c')];
    expect(approvedBy(decideRollout(nodes, edited, NOW))).toEqual(['a']);
  });
});

describe('who is approved', () => {
  it.each<[string, FleetNode]>([
    ['is Done and not Ready, and has not answered', unheard('a', notReady(5))],
    ['is Done and paused by a person', unheard('a', { paused: true })],
    ['may begin with an older approval', unheard('a', { approvedRevision: '1111111111' })],
    ['is approved, and has said nothing yet', unheard('a', { approvedRevision: NEW })],
    ['has no agent that is heard of', unheard('a', { approvedRevision: APPROVAL_MARKERS.unread })],
    ['wants something else than the policy says', waiting('a', { desiredRevision: 'ffffffffff' })],
    ['is where the policy wants it', done('a')],
    ['is where the policy wants it, though nobody approved it', done('a', { approvedRevision: undefined })],
    ['is held by a guard', waiting('a', { state: 'Blocked' })],
    ['only observes', waiting('a', { state: 'Observing' })],
    ['is Degraded for another cause', waiting('a', { state: 'Degraded' })],
    ['a person paused', waiting('a', { paused: true })],
    ['is not Ready for long', waiting('a', notReady(600))],
    ['never told whether it is Ready', waiting('a', { readiness: undefined })],
    ['has no known kubelet', waiting('a', { kubelet: '' })],
  ])('is no node that %s', (_, node) => {
    expect(approvedBy(decide([node], ONE))).toEqual([]);
  });

  it.each<[string, Partial<FleetNode>]>([
    ['approved for it', { approvedRevision: OLD }],
    ['never approved', { approvedRevision: undefined }],
    ['whose last approval an edit overtook', { approvedRevision: APPROVAL_MARKERS.unfinished }],
    ['about to join', { joining: true }],
  ])('is a node that is Done with another list, %s, before its agent says what it wants', (_, more) => {
    expect(approvedBy(decide([unheard('a', more)], ONE))).toEqual(['a']);
  });

  it('is again a node that was not heard of, as soon as its agent says what it wants', () => {
    const back = waiting('a', { approvedRevision: APPROVAL_MARKERS.unread, approvedAt: secondsAgo(1) });
    expect(approvedBy(decide([back, waiting('b')], ONE))).toEqual(['a']);
  });

  it('is a node whose list drifted and that nobody approved', () => {
    const node = waiting('a', { appliedRevision: NEW, approvedRevision: undefined, approvedAt: undefined });
    expect(decide([node], ONE).approvals).toEqual([{ node: 'a', revision: NEW }]);
  });

  it('gets the revision of its own profiles', () => {
    const policy = {
      ...ONE,
      maxUnavailable: '2',
      profiles: '- {name: db, nodeSelector: {pool: db}, allowedUnsafeSysctls: [kernel.sem]}',
    };
    const db = revisionOf(valid(policy), { pool: 'db' });
    const nodes = [waiting('a'), waiting('b', { labels: { pool: 'db' }, desiredRevision: db })];
    expect(decide(nodes, policy).approvals).toEqual([
      { node: 'a', revision: NEW },
      { node: 'b', revision: db },
    ]);
  });

  it('is nobody whose own list an edit leaves as it is', () => {
    const policy = {
      ...ONE,
      maxUnavailable: '100%',
      profiles: '- {name: db, nodeSelector: {pool: db}, allowedUnsafeSysctls: [kernel.sem]}',
    };
    const db = revisionOf(valid(policy), { pool: 'db' });
    const nodes = [...many(5, done), waiting('x', { labels: { pool: 'db' }, desiredRevision: db })];
    expect(decide(nodes, policy).approvals).toEqual([{ node: 'x', revision: db }]);
  });
});

describe('the order', () => {
  it('is by the zones with the fewest unavailable nodes, then by names', () => {
    const nodes = [
      waiting('a1', zone('a')),
      waiting('a2', zone('a')),
      waiting('b1', zone('b')),
      waiting('b2', zone('b')),
      working('b3', zone('b')),
      waiting('c1', zone('c')),
    ];
    const all = approvedBy(decide(nodes, { ...ONE, maxUnavailable: '100%' }));
    expect(all).toEqual(['a1', 'c1', 'a2', 'b1', 'b2']);
  });

  it('has those first that failed an older revision, and those last that did not answer', () => {
    const nodes = [
      waiting('a', { approvedRevision: APPROVAL_MARKERS.unanswered, approvedAt: secondsAgo(3600) }),
      waiting('b'),
      waiting('c', { approvedRevision: '1111111111' }),
      waiting('d', { approvedRevision: APPROVAL_MARKERS.unfinished }),
    ];
    expect(approvedBy(decide(nodes, { ...ONE, maxUnavailable: '100%' }))).toEqual(['c', 'd', 'b', 'a']);
  });

  it('makes the one that failed an older revision the canary of its fix', () => {
    const nodes = [waiting('a'), waiting('b', { approvedRevision: '1111111111' })];
    expect(approvedBy(decide(nodes, { maxUnavailable: '100%' }))).toEqual(['b']);
  });

  it('does not depend on that of the nodes', () => {
    const nodes = [...many(9, waiting), working('x'), done('y')];
    const policy = { maxUnavailable: '3', canary: '0' };
    expect(decide(nodes.toReversed(), policy)).toEqual(decide(nodes, policy));
  });
});

describe('canaries by number', () => {
  it('go alone, and the others when they are done and have soaked', () => {
    const nodes = many(10, waiting);
    const policy = { maxUnavailable: '5', canary: '2', soakSeconds: '100' };
    const first = decide(nodes, policy);
    expect([first.phase, approvedBy(first)]).toEqual(['Canary', ['n01', 'n02']]);
    expect(first.nodes.filter(({ canary }) => canary).map(({ name }) => name)).toEqual(['n01', 'n02']);

    const begun = decide([working('n01'), approved('n02'), ...nodes.slice(2)], policy);
    expect([begun.phase, approvedBy(begun)]).toEqual(['Canary', []]);

    const changed = [changedAgo('n01', 99), changedAgo('n02', 150), ...nodes.slice(2)];
    const soaking = decide(changed, policy);
    expect([soaking.phase, approvedBy(soaking), soaking.nextWakeup]).toEqual(['Soaking', [], secondsAgo(-1)]);

    const rolling = decideRollout(changed, valid(policy), secondsAgo(-1));
    expect([rolling.phase, approvedBy(rolling)]).toEqual(['Rolling', ['n03', 'n04', 'n05', 'n06', 'n07']]);
  });

  it('must be Ready to prove anything', () => {
    const nodes = [done('a', notReady(5)), waiting('b'), waiting('c')];
    expect(approvedBy(decide(nodes, { maxUnavailable: '3' }))).toEqual([]);
  });

  it('are replaced when they are lost', () => {
    const nodes = [done('a', notReady(3000)), waiting('b'), waiting('c')];
    expect(approvedBy(decide(nodes, { maxUnavailable: '3' }))).toEqual(['b']);
  });

  it('are of each list that differs, and hold up only the nodes of that list', () => {
    const policy = {
      maxUnavailable: '100%',
      profiles: '- {name: db, nodeSelector: {pool: db}, allowedUnsafeSysctls: [kernel.sem]}',
    };
    const db = revisionOf(valid(policy), { pool: 'db' });
    const dbs = ['x', 'y'].map((name) => waiting(name, { labels: { pool: 'db' }, desiredRevision: db }));
    const nodes = [done('a'), waiting('b'), waiting('c'), ...dbs];
    const decision = decide(nodes, policy);
    expect([decision.phase, approvedBy(decision)]).toEqual(['Rolling', ['b', 'c', 'x'].toSorted()]);
  });

  it('are no more than there are nodes', () => {
    expect(approvedBy(decide(many(2, waiting), { maxUnavailable: '100%', canary: '5' }))).toEqual([
      'n01',
      'n02',
    ]);
  });

  it('are not needed where nodes have the list for long', () => {
    expect(approvedBy(decide([done('a'), waiting('b'), waiting('c')], { maxUnavailable: '2' }))).toEqual([
      'b',
      'c',
    ]);
  });

  it('prove the list still when a drift on them was mended just now', () => {
    const nodes = [done('a', { approvedAt: secondsAgo(7200), lastChange: secondsAgo(5) }), waiting('b')];
    expect(approvedBy(decide(nodes, { maxUnavailable: '2' }))).toEqual(['b']);
  });

  it('prove nothing by a change in the future of a wrong clock, but by when they were approved', () => {
    const ahead = { lastChange: secondsAgo(-86_400) };
    const policy = { maxUnavailable: '2', soakSeconds: '60' };
    const soaking = [done('a', { ...ahead, approvedAt: secondsAgo(59) }), waiting('b')];
    const soaked = [done('a', { ...ahead, approvedAt: secondsAgo(60) }), waiting('b')];
    expect([approvedBy(decide(soaking, policy)), approvedBy(decide(soaked, policy))]).toEqual([[], ['b']]);
  });
});

describe('canaries by labels', () => {
  const POLICY = { maxUnavailable: '100%', canary: 'pool=canary,stage=test', soakSeconds: '60' };
  const labels = { pool: 'canary', stage: 'test' };

  it('all go first', () => {
    const nodes = [
      waiting('a'),
      waiting('b', { labels }),
      waiting('c', { labels }),
      waiting('d', { labels: { pool: 'canary' } }),
    ];
    const decision = decide(nodes, POLICY);
    expect([decision.phase, approvedBy(decision)]).toEqual(['Canary', ['b', 'c']]);
  });

  it('must all be done and have soaked', () => {
    const nodes = [waiting('a'), done('b', { labels }), changedAgo('c', 59, { labels })];
    const decision = decide(nodes, POLICY);
    expect([decision.phase, approvedBy(decision), decision.nextWakeup]).toEqual([
      'Soaking',
      [],
      secondsAgo(-1),
    ]);
    expect(approvedBy(decideRollout(nodes, valid(POLICY), secondsAgo(-1)))).toEqual(['a']);
  });

  it.each<[string, Partial<FleetNode>]>([
    ['held', { state: 'Blocked' }],
    ['lost', notReady(1000)],
  ])('hold nobody up when they are %s, as long as another proves the list', (_, more) => {
    const nodes = [waiting('a'), waiting('b', { labels, ...more }), done('c', { labels })];
    expect(approvedBy(decide(nodes, POLICY))).toEqual(['a']);
    expect(approvedBy(decide(nodes.slice(0, 2), POLICY))).toEqual([]);
  });

  it('hold everybody up when no node has the labels, and the reason says so', () => {
    const decision = decide([waiting('a')], POLICY);
    expect([decision.phase, approvedBy(decision)]).toEqual(['Waiting', []]);
    expect(decision.reason).toMatch(
      /No node has the labels that canary names.*Label a node, or set canary to a number/u,
    );
  });
});

describe('control-plane nodes', () => {
  const labels = CONTROL_PLANE;

  it('go after the canaries', () => {
    const nodes = [waiting('a', { labels }), waiting('b'), waiting('c')];
    expect(approvedBy(decide(nodes, { maxUnavailable: '3' }))).toEqual(['b']);
    const after = [waiting('a', { labels }), done('b'), waiting('c')];
    expect(approvedBy(decide(after, { maxUnavailable: '3' }))).toEqual(['a', 'c']);
  });

  it('wait for the canaries of lists that are not theirs too', () => {
    const policy = {
      maxUnavailable: '100%',
      profiles:
        '- {name: cp, nodeSelector: {node-role.kubernetes.io/control-plane: ""}, allowedUnsafeSysctls: [kernel.sem]}',
    };
    const leader = waiting('a', { labels, desiredRevision: revisionOf(valid(policy), labels) });
    expect(approvedBy(decide([leader, working('b'), waiting('c')], policy))).toEqual([]);
    expect(approvedBy(decide([leader, done('b'), waiting('c')], policy))).toEqual(['a', 'c']);
  });

  it('go one at a time', () => {
    const nodes = [waiting('a', { labels }), waiting('b', { labels }), waiting('c')];
    const policy = { maxUnavailable: '3', canary: '0' };
    expect(approvedBy(decide(nodes, policy))).toEqual(['a', 'c']);
    expect(approvedBy(decide([working('a', { labels }), ...nodes.slice(1)], policy))).toEqual(['c']);
    expect(approvedBy(decide([done('a', { labels, ...notReady(5) }), ...nodes.slice(1)], policy))).toEqual([
      'c',
    ]);
  });

  it('are canaries where there are no others', () => {
    expect(approvedBy(decide([waiting('a', { labels }), waiting('b', { labels })], {}))).toEqual(['a']);
  });

  it('get their fix though they are not Ready themselves', () => {
    const nodes = [waiting('a', { labels, ...notReady(5) }), waiting('b', { labels })];
    expect(approvedBy(decide(nodes, { maxUnavailable: '1', canary: '0' }))).toEqual(['a']);
  });
});

describe('a halt', () => {
  it('comes with the first failure by default, names it and the mend, and lets nobody go on', () => {
    const nodes = [failed('a'), waiting('b'), approved('c'), working('d'), waiting('e', { joining: true })];
    const decision = decide(nodes, { maxUnavailable: '100%' });
    expect(decision).toMatchObject({
      phase: 'Halted',
      approvals: [{ node: 'c', revision: undefined }],
    });
    expect(decision.reason).toMatch(
      /1 node failed \(a\).*did not start.*edit the ConfigMap.*kubectl sysctls retry/u,
    );
    expect(attentionOf(decision, 'a')).toMatch(/failed: The kubelet did not start.*retry a/u);
  });

  it.each([
    ['2', 1, 'Rolling'],
    ['2', 2, 'Halted'],
    ['50%', 4, 'Rolling'],
    ['50%', 5, 'Halted'],
    ['1%', 1, 'Halted'],
  ])('with failureThreshold %s of 10 and %i failed is %s', (failureThreshold, count, phase) => {
    const nodes = [...many(count, failed), ...many(10 - count, (name) => waiting(`w${name}`))];
    expect(decide(nodes, { failureThreshold, canary: '0' }).phase).toBe(phase);
  });

  it.each<[string, FleetNode]>([
    ['a node that tries again', failed('a', { state: 'Working' })],
    ['a node that is about to join', failed('a', { joining: true })],
    ['a node that went dark in the middle of its change', working('a', notReady(600))],
    [
      'a node that went dark before it had soaked',
      changedAgo('a', 700, { approvedAt: secondsAgo(710), ...notReady(650) }),
    ],
  ])('counts %s', (_, node) => {
    expect(decide([node, waiting('b')], { soakSeconds: '60' }).phase).toBe('Halted');
  });

  it.each<[string, FleetNode]>([
    ['whose failure is of another list', failed('a', { desiredRevision: OLD, approvedRevision: OLD })],
    ['that a person paused', failed('a', { paused: true })],
    ['that went dark on an older list', working('a', { desiredRevision: OLD, ...notReady(600) })],
    ['that went dark long after its change', done('a', notReady(600))],
    ['that is held', waiting('a', { state: 'Degraded' })],
  ])('does not count a node %s', (_, node) => {
    expect(decide([node, waiting('b')], {}).phase).not.toBe('Halted');
  });

  it('ends when the failure does', () => {
    expect(decide([done('a'), waiting('b')], {}).phase).toBe('Rolling');
  });
});

describe('windows', () => {
  const CLOSED = { windows: 'Tue 13:00-14:00 UTC' };

  it('let nobody begin outside of them, and tell when one opens', () => {
    const nodes = [approved('a'), waiting('b'), working('c')];
    const decision = decide(nodes, { ...CLOSED, maxUnavailable: '100%', canary: '0' });
    expect(decision).toMatchObject({
      phase: 'Waiting',
      approvals: [{ node: 'a', revision: undefined }],
    });
    expect(decide([waiting('b')], CLOSED).nextWakeup).toEqual(new Date('2026-11-24T13:00:00Z'));
    expect(decision.reason).toMatch(/Outside the maintenance windows; next opens at 2026-11-24T13:00:00Z/u);
  });

  it('let everybody go within them', () => {
    const decision = decide([waiting('a')], { windows: 'Tue 11:00-14:00 UTC' });
    expect([approvedBy(decision), decision.nextWakeup]).toEqual([['a'], new Date('2026-11-24T14:00:00Z')]);
  });

  it('do not keep a rollout from being done', () => {
    expect(decide([done('a')], CLOSED)).toMatchObject({ phase: 'Done', nextWakeup: undefined });
  });
});

describe('a pause', () => {
  it.each<[string, Record<string, string>, RegExp]>([
    ['paused', { paused: 'true' }, /kubectl sysctls resume/u],
    ['mode Observe', { mode: 'Observe' }, /mode: Observe/u],
  ])('by %s approves nothing and takes approvals back that were not used', (_, policy, reason) => {
    const nodes = [waiting('a'), approved('b'), working('c'), waiting('d', { joining: true })];
    const decision = decide(nodes, policy);
    expect(decision).toMatchObject({ phase: 'Paused', approvals: [{ node: 'b', revision: undefined }] });
    expect(decision.reason).toMatch(reason);
  });

  it('of one node takes its approval back and lets the others go', () => {
    const nodes = [approved('a', { paused: true }), waiting('b')];
    const decision = decide(nodes, { ...ONE, maxUnavailable: '2' });
    expect(decision.approvals).toEqual([
      { node: 'a', revision: undefined },
      { node: 'b', revision: NEW },
    ]);
    expect(attentionOf(decision, 'a')).toMatch(/kubectl sysctls resume a/u);
  });
});

describe('a ConfigMap that is not valid', () => {
  const BROKEN: PolicyNow = {
    policy: undefined,
    errors: [{ key: 'mode', line: 1, message: 'Expected mode to be …' }],
  };

  it.each<[string, PolicyNow]>([
    ['has errors', BROKEN],
    ['has errors beside an older policy', { ...BROKEN, policy: valid().policy }],
    ['is not there', { policy: undefined, errors: [] }],
  ])('because it %s approves nothing', (_, view) => {
    const nodes = [waiting('a'), approved('b'), done('c', { joining: true }), failed('d')];
    expect(decideRollout(nodes, view, NOW)).toMatchObject({
      phase: 'Waiting',
      reason: expect.stringMatching(/not valid, so no node is changed until it is fixed/u),
      approvals: [{ node: 'b', revision: undefined }],
      untaint: [],
    });
  });

  it('is told with the key and the line', () => {
    expect(decideRollout([], BROKEN, NOW).reason).toMatch(/mode, line 1: Expected mode/u);
  });
});

describe('a fresh installation', () => {
  it('has nodes that wait for a policy, none of them in need of attention', () => {
    const node = waiting('a', { state: 'Observing', desiredRevision: undefined });
    const { phase, nodes } = decideRollout([node], { policy: undefined, errors: [] }, NOW);
    expect(phase).toBe('Waiting');
    expect(nodes).toMatchObject([{ standing: 'waiting', attention: undefined }]);
  });
});

describe('rollout: Immediate', () => {
  it('approves nothing, takes nothing back, and tells how far the nodes are', () => {
    const nodes = [waiting('a'), approved('b'), working('c'), done('d', { joining: true })];
    expect(decide(nodes, { rollout: 'Immediate' })).toMatchObject({
      phase: 'Rolling',
      approvals: [],
      untaint: ['d'],
    });
    expect(decide([done('a')], { rollout: 'Immediate' }).phase).toBe('Done');
  });

  it('takes old approvals back: with an edit back to that list, all nodes would change at once', () => {
    const nodes = [
      done('a', { approvedRevision: OLD }),
      done('b', { approvedRevision: APPROVAL_MARKERS.unfinished }),
      working('c', { approvedRevision: OLD }),
    ];
    expect(decide(nodes, { rollout: 'Immediate' }).approvals).toEqual([
      { node: 'a', revision: undefined },
      { node: 'b', revision: undefined },
    ]);
  });
});

describe('nodes about to join', () => {
  const joining = true;

  it('are approved at once, whatever the pace', () => {
    const nodes = [working('a'), waiting('b', { joining }), waiting('c', { joining }), waiting('d')];
    expect(approvedBy(decide(nodes, { ...ONE, windows: 'Sun 00:00-01:00 UTC' }))).toEqual(['b', 'c']);
    expect(approvedBy(decide(nodes, { maxUnavailable: '1', canary: '1' }))).toEqual(['b', 'c']);
  });

  it('lose their taint when they are done, and not before', () => {
    const nodes = [
      done('a', { joining }),
      working('b', { joining }),
      done('c', { joining, desiredRevision: OLD }),
      failed('d', { joining }),
      done('e'),
    ];
    expect(decide(nodes, {}).untaint).toEqual(['a']);
  });

  it('prove nothing to the others', () => {
    expect(
      approvedBy(decide([done('a', { joining }), waiting('b'), waiting('c')], { maxUnavailable: '3' })),
    ).toEqual(['b']);
  });

  it('leave a rollout done', () => {
    expect(decide([done('a'), waiting('b', { joining })], {}).phase).toBe('Done');
  });

  it('keep their approval outside the windows', () => {
    expect(decide([approved('a', { joining })], { windows: 'Sun 00:00-01:00 UTC' }).approvals).toEqual([]);
  });

  it('are told of when their agent does nothing', () => {
    const decision = decide([waiting('a', { joining, state: 'Observing' })], { mode: 'Observe' });
    expect(attentionOf(decision, 'a')).toMatch(/kubectl taint node a kubelet-sysctl-agent\/pending-/u);
  });
});

describe('an approval', () => {
  it.each<[string, FleetNode, string | undefined]>([
    ['of a node that a guard holds', approved('a', { state: 'Blocked' }), undefined],
    ['of a node that is not Ready for long', approved('a', notReady(600)), undefined],
    [
      'that was not used for ten minutes',
      approved('a', { approvedAt: secondsAgo(600) }),
      APPROVAL_MARKERS.unanswered,
    ],
    [
      'for a list that the policy no longer asks for',
      approved('a', { desiredRevision: OLD, appliedRevision: 'x' }),
      APPROVAL_MARKERS.unfinished,
    ],
    [
      'for a list of which an edit could make it come back',
      waiting('a', { state: 'Blocked', approvedRevision: '1111111111' }),
      APPROVAL_MARKERS.unfinished,
    ],
    [
      'that no agent was heard of for two minutes',
      unheard('a', { approvedRevision: NEW, approvedAt: secondsAgo(120) }),
      APPROVAL_MARKERS.unread,
    ],
    [
      'for a list that the policy no longer asks for, and that may be in use',
      unheard('a', { approvedRevision: '1111111111' }),
      APPROVAL_MARKERS.unfinished,
    ],
    ['that was overtaken, of a node that is done', done('a', { approvedRevision: '1111111111' }), undefined],
  ])('%s does not stay', (_, node, revision) => {
    expect(decide([node], ONE).approvals).toEqual([{ node: 'a', revision }]);
  });

  it.each<[string, FleetNode]>([
    ['that is being used', working('a')],
    ['that waits for the agent', approved('a', { approvedAt: secondsAgo(599) })],
    [
      'that may be in use without a word',
      unheard('a', { approvedRevision: NEW, approvedAt: secondsAgo(119) }),
    ],
    ['of a node that failed, and tries again', failed('a')],
    ['of a node that is done', done('a')],
    ['for what is applied, while another list waits for its turn', waiting('z', { state: 'Blocked' })],
    ['that an edit overtook while it was being used', working('a', { desiredRevision: OLD })],
    [
      'that is marked already',
      waiting('a', { state: 'Blocked', approvedRevision: APPROVAL_MARKERS.unfinished }),
    ],
  ])('%s stays', (_, node) => {
    expect(decide([node], ONE).approvals).toEqual([]);
  });

  it('that was taken back is not given again for an hour, and then last', () => {
    const silent = { approvedRevision: APPROVAL_MARKERS.unanswered };
    const early = decide([waiting('a', { ...silent, approvedAt: secondsAgo(3599) })], ONE);
    expect([approvedBy(early), early.nextWakeup]).toEqual([[], secondsAgo(-1)]);
    expect(attentionOf(early, 'a')).toMatch(/Approved, but the change did not begin.*get pods/u);
    const late = waiting('a', { ...silent, approvedAt: secondsAgo(3600) });
    expect(approvedBy(decide([late, waiting('b')], ONE))).toEqual(['b']);
    expect(approvedBy(decide([late], ONE))).toEqual(['a']);
  });
});

describe('what a person is told', () => {
  it.each<[string, FleetNode, RegExp | undefined]>([
    ['done', done('a'), undefined],
    ['waits', waiting('a'), undefined],
    ['is at work', working('a'), undefined],
    [
      'is held by a guard',
      waiting('a', { state: 'Blocked', reason: 'Pod x/y uses it.' }),
      /Blocked: Pod x\/y/u,
    ],
    [
      'is not Ready for long',
      done('a', notReady(601)),
      /NotReady since 2026-11-24T11:49:59Z.*kubectl delete node a/u,
    ],
    ['has no agent', waiting('a', { state: undefined }), /No agent has reported.*get pods/u],
    ['is Done with another list', unheard('a'), undefined],
    [
      'has an agent that is not heard of',
      unheard('a', { approvedRevision: APPROVAL_MARKERS.unread }),
      /Approved, but the agent does not respond.*get pods/u,
    ],
    [
      'has an agent that does not answer',
      unheard('a', { state: 'Blocked' }),
      /has not reported on the current ConfigMap/u,
    ],
    [
      'went dark in its change',
      working('a', notReady(700)),
      /not Ready in the middle of its change.*journalctl -u kubelet/u,
    ],
  ])('of a node that %s', (_, node, attention) => {
    const told = attentionOf(decide([node, ...['x', 'y'].map((name) => done(name))], {}), 'a');
    expect(told ?? 'nothing').toMatch(attention ?? /^nothing$/u);
  });

  it('leaves out nodes on which no agent can run', () => {
    const nodes = [waiting('a', { state: undefined, labels: { 'kubernetes.io/os': 'windows' } }), done('b')];
    expect(decide(nodes, {}).nodes.map(({ name }) => name)).toEqual(['b']);
  });

  it('is every node once, in the order of names', () => {
    const nodes = ['b', 'a10', 'a9', 'c'].map((name) => waiting(name));
    expect(decide(nodes, {}).nodes.map(({ name }) => name)).toEqual(['a10', 'a9', 'b', 'c']);
  });

  it.each<[string, readonly FleetNode[], string, RegExp]>([
    ['no agents', [waiting('a', { state: undefined })], 'Waiting', /No agent has reported on any node/u],
    ['all done', [done('a'), done('b')], 'Done', /All of 2 nodes/u],
    [
      'all that can be are done',
      [done('a'), waiting('b', { state: 'Blocked' })],
      'Done',
      /1 of 2 nodes; 1 cannot/u,
    ],
    [
      'no answer',
      [unheard('a', { state: 'Blocked' })],
      'Canary',
      /agents of 1 node have not reported.*: a\./u,
    ],
    [
      'no place',
      [done('a', notReady(5)), done('b'), waiting('c')],
      'Rolling',
      /1 node not Ready or failed use up maxUnavailable \(1\): a\./u,
    ],
  ])('about a fleet with %s', (_, nodes, phase, reason) => {
    expect(decide(nodes, {})).toMatchObject({ phase, reason: expect.stringMatching(reason) });
  });
});

function decide(nodes: readonly FleetNode[], data: Readonly<Record<string, string>>): RolloutDecision {
  return decideRollout(nodes, valid(data), NOW);
}

/** Its change was committed so long ago. */
function changedAgo(name: string, seconds: number, more: Partial<FleetNode> = {}): FleetNode {
  return done(name, { approvedAt: secondsAgo(seconds + 20), lastChange: secondsAgo(seconds), ...more });
}

function approvedBy({ approvals }: RolloutDecision): readonly string[] {
  return approvals.filter(({ revision }) => isRevision(revision)).map(({ node }) => node);
}

function attentionOf({ nodes }: RolloutDecision, name: string): string | undefined {
  return nodes.find((node) => node.name === name)?.attention;
}
