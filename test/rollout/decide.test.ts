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
  unreported,
  valid,
  waiting,
  working,
  zone,
} from './fleets.ts';

/** One after the other, with no canary. */
const ONE = { maxUnavailable: '1', canary: '0' };
/** A new node, before its first change. */
const NEW_NODE = { joining: true, appliedRevision: undefined, approvedRevision: undefined };

describe('maxUnavailable', () => {
  it.each([
    ['1', 25, 1],
    ['3', 25, 3],
    ['10%', 25, 2],
    ['10%', 9, 1],
    ['100%', 5, 5],
    ['7', 5, 5],
  ])('maxUnavailable %s of %i nodes approves %i', (maxUnavailable, count, expected) => {
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
    ['is approved and has not reported yet', unreported('a', { approvedRevision: NEW })],
    [
      'may have begun with an older list without a report',
      unreported('a', { approvedRevision: '1111111111' }),
    ],
    ['has the list of the policy and may have begun another change', done('a', { approvedRevision: OLD })],
    ['is approved although pods block it', approved('a', { state: 'Blocked' })],
    ['is approved although it is not Ready for long', approved('a', notReady(600))],
    ['is not Ready for a short time', done('a', notReady(599))],
    ['is not Ready and blocked', waiting('a', { state: 'Blocked', ...notReady(5) })],
  ])('a node that %s counts against maxUnavailable', (_, node) => {
    expect(approvedBy(decide([node, waiting('b')], ONE))).toEqual([]);
    expect(approvedBy(decide([node, waiting('b')], { ...ONE, maxUnavailable: '2' }))).toContain('b');
  });

  it('counts a node against maxUnavailable that failed on this revision', () => {
    const policy = { ...ONE, failureThreshold: '2' };
    expect(approvedBy(decide([failed('a'), waiting('b')], policy))).toEqual([]);
    expect(approvedBy(decide([failed('a'), waiting('b')], { ...policy, maxUnavailable: '2' }))).toEqual([
      'b',
    ]);
  });

  it.each<[string, FleetNode]>([
    ['waits', waiting('z')],
    ['is blocked by pods', waiting('a', { state: 'Blocked' })],
    ['is paused', waiting('a', { paused: true, state: 'Observing' })],
    ['cannot be changed', waiting('a', { state: 'Unreconcilable', desiredRevision: undefined })],
    ['is not Ready for long', done('a', notReady(600))],
    ['is joining', working('a', NEW_NODE)],
    ['has no agent and is not Ready', waiting('a', { state: undefined, ...notReady(5) })],
    [
      'did not report after an approval on a prediction',
      unreported('a', { approvedRevision: APPROVAL_MARKERS.unread }),
    ],
    [
      'did not begin its approved change',
      waiting('a', { approvedRevision: APPROVAL_MARKERS.unanswered, approvedAt: secondsAgo(60) }),
    ],
  ])('a node that %s does not count against maxUnavailable', (_, node) => {
    expect(approvedBy(decide([node, waiting('b')], ONE))).toEqual(['b']);
  });

  it('takes percentages of maxUnavailable from the nodes whose agents have reported', () => {
    const others = [
      ...many(20, (name) => waiting(`x${name}`, { state: undefined })),
      ...many(20, (name) => done(`y${name}`, { joining: true })),
    ];
    expect(decide([...others, ...many(20, waiting)], { maxUnavailable: '10%' }).maxUnavailable).toBe(2);
  });

  it('approves a node that is already unavailable without a further slot', () => {
    const nodes = [working('a'), waiting('b'), waiting('c', notReady(30))];
    expect(approvedBy(decide(nodes, ONE))).toEqual(['c']);
  });
});

describe('decideRollout right after an edit', () => {
  const broken = {
    desiredRevision: OLD,
    failedRevision: OLD,
    appliedRevision: 'x',
    approvedRevision: APPROVAL_MARKERS.unfinished,
  };
  const edited = { ...valid(ONE), readAt: NOW };

  it('approves no node before all agents have reported, since the first to report may not be first in order', () => {
    const unanswered = [waiting('a'), failed('b', broken)];
    const early = decideRollout(unanswered, edited, NOW);
    expect([approvedBy(early), early.nextWakeup]).toEqual([[], secondsAgo(-5)]);
    expect(early.reason).toMatch(/agents of 1 node have not reported.*: b\./u);
    const answered = [waiting('a'), waiting('b', { approvedRevision: APPROVAL_MARKERS.unfinished })];
    expect(approvedBy(decideRollout(answered, edited, NOW))).toEqual(['b']);
  });

  it('waits five seconds at most for agents that do not report', () => {
    const late = { ...edited, readAt: secondsAgo(5) };
    const decision = decideRollout([waiting('a'), failed('b', broken)], late, NOW);
    expect([approvedBy(decision), decision.nextWakeup]).toEqual([['a'], undefined]);
  });

  it.each<[string, FleetNode]>([
    ['is paused', unreported('b', { paused: true })],
    ['is not Ready for long', unreported('b', notReady(600))],
    ['has no agent', unreported('b', { state: undefined })],
    ['is joining', unreported('b', { state: undefined, joining: true })],
    ['is at work', working('b', { desiredRevision: OLD })],
  ])('no approval waits for the report of a node that %s', (_, node) => {
    const view = { ...valid({ ...ONE, maxUnavailable: '2' }), readAt: NOW };
    expect(approvedBy(decideRollout([waiting('a'), node], view, NOW))).toEqual(['a']);
  });

  it('approves predicted nodes without a report after a second, in which an agent may report a block', () => {
    const early = decideRollout([unreported('a')], edited, NOW);
    expect([approvedBy(early), early.nextWakeup]).toEqual([[], secondsAgo(-1)]);
    expect(early.reason).toMatch(/may still report/u);
    const late = { ...edited, readAt: secondsAgo(1) };
    expect(approvedBy(decideRollout([unreported('a')], late, NOW))).toEqual(['a']);
  });

  it('approves a joining node at once after an edit', () => {
    const nodes = [waiting('a', NEW_NODE), unreported('b'), waiting('c')];
    expect(approvedBy(decideRollout(nodes, edited, NOW))).toEqual(['a']);
  });
});

describe('the approved nodes', () => {
  it.each<[string, FleetNode]>([
    ['is Done and not Ready and has not reported', unreported('a', notReady(5))],
    ['is Done and paused', unreported('a', { paused: true })],
    ['may begin with an older approval', unreported('a', { approvedRevision: '1111111111' })],
    ['is approved and has not reported yet', unreported('a', { approvedRevision: NEW })],
    [
      'did not report after an approval on a prediction',
      unreported('a', { approvedRevision: APPROVAL_MARKERS.unread }),
    ],
    ['wants another revision than the policy', waiting('a', { desiredRevision: 'ffffffffff' })],
    ['has the list of the policy', done('a')],
    ['has the list of the policy without an approval', done('a', { approvedRevision: undefined })],
    ['is blocked by pods', waiting('a', { state: 'Blocked' })],
    ['only observes', waiting('a', { state: 'Observing' })],
    ['is Degraded for another cause', waiting('a', { state: 'Degraded' })],
    ['is paused', waiting('a', { paused: true })],
    ['is not Ready for long', waiting('a', notReady(600))],
    ['has no condition Ready', waiting('a', { readiness: undefined })],
    ['has no known kubelet', waiting('a', { kubelet: '' })],
  ])('does not approve a node that %s', (_, node) => {
    expect(approvedBy(decide([node], ONE))).toEqual([]);
  });

  it.each<[string, Partial<FleetNode>]>([
    ['approved for that list', { approvedRevision: OLD }],
    ['never approved', { approvedRevision: undefined }],
    ['whose last approval became stale by an edit', { approvedRevision: APPROVAL_MARKERS.unfinished }],
    ['joining', { joining: true }],
  ])('approves a node that is Done with another list, %s, before its agent reports', (_, more) => {
    expect(approvedBy(decide([unreported('a', more)], ONE))).toEqual(['a']);
  });

  it('approves a node marked as unread again when its agent reports', () => {
    const back = waiting('a', { approvedRevision: APPROVAL_MARKERS.unread, approvedAt: secondsAgo(1) });
    expect(approvedBy(decide([back, waiting('b')], ONE))).toEqual(['a']);
  });

  it('approves a node whose list drifted and that has no approval', () => {
    const node = waiting('a', { appliedRevision: NEW, approvedRevision: undefined, approvedAt: undefined });
    expect(decide([node], ONE).approvals).toEqual([{ node: 'a', revision: NEW }]);
  });

  it('approves each node for the revision of its own profiles', () => {
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

  it('approves no node whose own list an edit does not change', () => {
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
  it('orders nodes by the zone with the fewest unavailable nodes, then by name', () => {
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

  it('orders nodes that failed an older revision first, and nodes that did not begin their approved change last', () => {
    const nodes = [
      waiting('a', { approvedRevision: APPROVAL_MARKERS.unanswered, approvedAt: secondsAgo(3600) }),
      waiting('b'),
      waiting('c', { approvedRevision: '1111111111' }),
      waiting('d', { approvedRevision: APPROVAL_MARKERS.unfinished }),
    ];
    expect(approvedBy(decide(nodes, { ...ONE, maxUnavailable: '100%' }))).toEqual(['c', 'd', 'b', 'a']);
  });

  it('picks the node that failed an older revision as the canary of its fix', () => {
    const nodes = [waiting('a'), waiting('b', { approvedRevision: '1111111111' })];
    expect(approvedBy(decide(nodes, { maxUnavailable: '100%' }))).toEqual(['b']);
  });

  it('decides the same for the nodes in any order', () => {
    const nodes = [...many(9, waiting), working('x'), done('y')];
    const policy = { maxUnavailable: '3', canary: '0' };
    expect(decide(nodes.toReversed(), policy)).toEqual(decide(nodes, policy));
  });
});

describe('canaries by number', () => {
  it('changes canaries by number alone, and the others after their soak', () => {
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

  it('does not count a canary as proven while it is not Ready', () => {
    const nodes = [done('a', notReady(5)), waiting('b'), waiting('c')];
    expect(approvedBy(decide(nodes, { maxUnavailable: '3' }))).toEqual([]);
  });

  it('picks another canary when the first is lost', () => {
    const nodes = [done('a', notReady(3000)), waiting('b'), waiting('c')];
    expect(approvedBy(decide(nodes, { maxUnavailable: '3' }))).toEqual(['b']);
  });

  it('picks canaries for each list, and only nodes of that list wait for them', () => {
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

  it('picks at most as many canaries as there are nodes', () => {
    expect(approvedBy(decide(many(2, waiting), { maxUnavailable: '100%', canary: '5' }))).toEqual([
      'n01',
      'n02',
    ]);
  });

  it('needs no canary when a node has had the list for long', () => {
    expect(approvedBy(decide([done('a'), waiting('b'), waiting('c')], { maxUnavailable: '2' }))).toEqual([
      'b',
      'c',
    ]);
  });

  it('keeps a canary proven after drift was fixed on it', () => {
    const nodes = [done('a', { approvedAt: secondsAgo(7200), lastChange: secondsAgo(5) }), waiting('b')];
    expect(approvedBy(decide(nodes, { maxUnavailable: '2' }))).toEqual(['b']);
  });

  it('counts the soak from the approval when the clock of the node is ahead', () => {
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

  it('approves all nodes with the labels of canary first', () => {
    const nodes = [
      waiting('a'),
      waiting('b', { labels }),
      waiting('c', { labels }),
      waiting('d', { labels: { pool: 'canary' } }),
    ];
    const decision = decide(nodes, POLICY);
    expect([decision.phase, approvedBy(decision)]).toEqual(['Canary', ['b', 'c']]);
  });

  it('approves the other nodes when all canaries by labels are done and have soaked', () => {
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
  ])('other nodes do not wait for a canary that is %s while another proves the list', (_, more) => {
    const nodes = [waiting('a'), waiting('b', { labels, ...more }), done('c', { labels })];
    expect(approvedBy(decide(nodes, POLICY))).toEqual(['a']);
    expect(approvedBy(decide(nodes.slice(0, 2), POLICY))).toEqual([]);
  });

  it('approves no node when none has the labels of canary, and the reason says so', () => {
    const decision = decide([waiting('a')], POLICY);
    expect([decision.phase, approvedBy(decision)]).toEqual(['Waiting', []]);
    expect(decision.reason).toMatch(
      /No node has the labels that canary names.*Label a node, or set canary to a number/u,
    );
  });
});

describe('control-plane nodes', () => {
  const labels = CONTROL_PLANE;

  it('approves control-plane nodes after the canaries', () => {
    const nodes = [waiting('a', { labels }), waiting('b'), waiting('c')];
    expect(approvedBy(decide(nodes, { maxUnavailable: '3' }))).toEqual(['b']);
    const after = [waiting('a', { labels }), done('b'), waiting('c')];
    expect(approvedBy(decide(after, { maxUnavailable: '3' }))).toEqual(['a', 'c']);
  });

  it('approves control-plane nodes after the canaries of every list', () => {
    const policy = {
      maxUnavailable: '100%',
      profiles:
        '- {name: cp, nodeSelector: {node-role.kubernetes.io/control-plane: ""}, allowedUnsafeSysctls: [kernel.sem]}',
    };
    const leader = waiting('a', { labels, desiredRevision: revisionOf(valid(policy), labels) });
    expect(approvedBy(decide([leader, working('b'), waiting('c')], policy))).toEqual([]);
    expect(approvedBy(decide([leader, done('b'), waiting('c')], policy))).toEqual(['a', 'c']);
  });

  it('approves control-plane nodes one at a time', () => {
    const nodes = [waiting('a', { labels }), waiting('b', { labels }), waiting('c')];
    const policy = { maxUnavailable: '3', canary: '0' };
    expect(approvedBy(decide(nodes, policy))).toEqual(['a', 'c']);
    expect(approvedBy(decide([working('a', { labels }), ...nodes.slice(1)], policy))).toEqual(['c']);
    expect(approvedBy(decide([done('a', { labels, ...notReady(5) }), ...nodes.slice(1)], policy))).toEqual([
      'c',
    ]);
  });

  it('picks a control-plane node as the canary when there are no workers', () => {
    expect(approvedBy(decide([waiting('a', { labels }), waiting('b', { labels })], {}))).toEqual(['a']);
  });

  it('approves the fix of a control-plane node that is not Ready', () => {
    const nodes = [waiting('a', { labels, ...notReady(5) }), waiting('b', { labels })];
    expect(approvedBy(decide(nodes, { maxUnavailable: '1', canary: '0' }))).toEqual(['a']);
  });
});

describe('a halt', () => {
  it('halts at the first failure by default, revokes unused approvals and names the failure and the fix', () => {
    const nodes = [failed('a'), waiting('b'), approved('c'), working('d'), waiting('e', NEW_NODE)];
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
  ])(
    'with failureThreshold %s of 10 nodes and %i failed the phase is %s',
    (failureThreshold, count, phase) => {
      const nodes = [...many(count, failed), ...many(10 - count, (name) => waiting(`w${name}`))];
      expect(decide(nodes, { failureThreshold, canary: '0' }).phase).toBe(phase);
    },
  );

  it.each<[string, FleetNode]>([
    ['a node that retries', failed('a', { state: 'Working' })],
    ['a node that is joining', failed('a', NEW_NODE)],
    ['a node that became not Ready in the middle of its change', working('a', notReady(600))],
    [
      'a node that became not Ready during its soak',
      changedAgo('a', 700, { approvedAt: secondsAgo(710), ...notReady(650) }),
    ],
  ])('%s counts against failureThreshold', (_, node) => {
    expect(decide([node, waiting('b')], { soakSeconds: '60' }).phase).toBe('Halted');
  });

  it.each<[string, FleetNode]>([
    ['whose change to another list failed', failed('a', { desiredRevision: OLD, approvedRevision: OLD })],
    ['that is paused', failed('a', { paused: true })],
    ['that became not Ready on an older list', working('a', { desiredRevision: OLD, ...notReady(600) })],
    ['that became not Ready long after its change', done('a', notReady(600))],
    ['that is Degraded for another cause', waiting('a', { state: 'Degraded' })],
  ])('a node %s does not count against failureThreshold', (_, node) => {
    expect(decide([node, waiting('b')], {}).phase).not.toBe('Halted');
  });

  it.each<[string, string | undefined]>([
    ['was paused meanwhile and has no approval', undefined],
    ['has the approval of another list', OLD],
  ])('approves a failed node that %s, since its retry would wait for it', (_, approvedRevision) => {
    const nodes = [failed('a', { approvedRevision }), waiting('b')];
    expect(decide(nodes, {})).toMatchObject({ phase: 'Halted', approvals: [{ node: 'a', revision: NEW }] });
    expect(decide(nodes, { paused: 'true' }).approvals).toEqual([]);
    expect(decide(nodes, { failureThreshold: '2' }).approvals).toContainEqual({ node: 'a', revision: NEW });
  });

  it('approves a failed node without an approval when a window opens', () => {
    const decision = decide([failed('a', { approvedRevision: undefined })], {
      windows: 'Tue 13:00-14:00 UTC',
    });
    expect(decision).toMatchObject({ phase: 'Halted', approvals: [] });
    expect(decision.nextWakeup?.toISOString()).toMatch(/T13:00:00/u);
  });

  it('resumes when the failed node is done', () => {
    expect(decide([done('a'), waiting('b')], {}).phase).toBe('Rolling');
  });
});

describe('windows', () => {
  const CLOSED = { windows: 'Tue 13:00-14:00 UTC' };

  it('approves no node outside the windows, and the reason names when one opens', () => {
    const nodes = [approved('a'), waiting('b'), working('c')];
    const decision = decide(nodes, { ...CLOSED, maxUnavailable: '100%', canary: '0' });
    expect(decision).toMatchObject({
      phase: 'Waiting',
      approvals: [{ node: 'a', revision: undefined }],
    });
    expect(decide([waiting('b')], CLOSED).nextWakeup).toEqual(new Date('2026-11-24T13:00:00Z'));
    expect(decision.reason).toMatch(/Outside the maintenance windows; next opens at 2026-11-24T13:00:00Z/u);
  });

  it('approves nodes within a window', () => {
    const decision = decide([waiting('a')], { windows: 'Tue 11:00-14:00 UTC' });
    expect([approvedBy(decision), decision.nextWakeup]).toEqual([['a'], new Date('2026-11-24T14:00:00Z')]);
  });

  it('reports a finished rollout as Done outside the windows', () => {
    expect(decide([done('a')], CLOSED)).toMatchObject({ phase: 'Done', nextWakeup: undefined });
  });
});

describe('a paused policy', () => {
  it.each<[string, Record<string, string>, RegExp]>([
    ['paused', { paused: 'true' }, /kubectl sysctls resume/u],
    ['mode Observe', { mode: 'Observe' }, /mode: Observe/u],
  ])('%s approves nothing and revokes unused approvals', (_, policy, reason) => {
    const nodes = [waiting('a'), approved('b'), working('c'), waiting('d', NEW_NODE)];
    const decision = decide(nodes, policy);
    expect(decision).toMatchObject({ phase: 'Paused', approvals: [{ node: 'b', revision: undefined }] });
    expect(decision.reason).toMatch(reason);
  });

  it('revokes the approval of a paused node and approves the others', () => {
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
    ['has errors although an older policy is known', { ...BROKEN, policy: valid().policy }],
    ['does not exist', { policy: undefined, errors: [] }],
  ])('a ConfigMap that %s approves nothing', (_, view) => {
    const nodes = [waiting('a'), approved('b'), done('c', { joining: true }), failed('d')];
    expect(decideRollout(nodes, view, NOW)).toMatchObject({
      phase: 'Waiting',
      reason: expect.stringMatching(/not valid, so no node is changed until it is fixed/u),
      approvals: [{ node: 'b', revision: undefined }],
      untaint: [],
    });
  });

  it('names the key and the line of an error in the ConfigMap', () => {
    expect(decideRollout([], BROKEN, NOW).reason).toMatch(/mode, line 1: Expected mode/u);
  });
});

describe('a fresh installation', () => {
  it('reports the nodes of a fresh installation as waiting, without attention', () => {
    const node = waiting('a', { state: 'Observing', desiredRevision: undefined });
    const { phase, nodes } = decideRollout([node], { policy: undefined, errors: [] }, NOW);
    expect(phase).toBe('Waiting');
    expect(nodes).toMatchObject([{ standing: 'waiting', attention: undefined }]);
  });
});

describe('rollout: Immediate', () => {
  it('approves and revokes nothing with rollout: Immediate, and reports the progress', () => {
    const nodes = [waiting('a'), approved('b'), working('c'), done('d', { joining: true })];
    expect(decide(nodes, { rollout: 'Immediate' })).toMatchObject({
      phase: 'Rolling',
      approvals: [],
      untaint: ['d'],
    });
    expect(decide([done('a')], { rollout: 'Immediate' }).phase).toBe('Done');
  });

  it('revokes old approvals with rollout: Immediate, since an edit back would make all of them valid at once', () => {
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

describe("a node with the host's own service", () => {
  const HOST = { hostService: true } as const;

  it('is held, asks for no place and no approval, and other nodes do not wait for it', () => {
    const nodes = [
      waiting('a', { ...HOST, state: undefined, ...notReady(60) }),
      waiting('b', { ...HOST, joining: true }),
      failed('c', HOST),
      waiting('d'),
    ];
    const decision = decide(nodes, ONE);
    expect(approvedBy(decision)).toEqual(['d']);
    expect(decision.holders).toEqual([]);
    expect(decision.nodes.map(({ standing }) => standing)).toEqual(['held', 'held', 'held', 'waiting']);
  });

  it('loses an approval that it was given before', () => {
    expect(decide([approved('a', HOST)], ONE).approvals).toEqual([{ node: 'a', revision: undefined }]);
  });

  it('needs no change for the rollout to be Done, and the attention names where its state is', () => {
    const decision = decide([done('a'), waiting('b', { ...HOST, state: undefined })], {});
    expect(decision.phase).toBe('Done');
    expect(attentionOf(decision, 'b')).toMatch(/systemctl status kubelet-sysctl-agent\.service/u);
  });
});

describe('joining nodes', () => {
  it('approves joining nodes at once, whatever the pace', () => {
    const nodes = [working('a'), waiting('b', NEW_NODE), waiting('c', NEW_NODE), waiting('d')];
    expect(approvedBy(decide(nodes, { ...ONE, windows: 'Sun 00:00-01:00 UTC' }))).toEqual(['b', 'c']);
    expect(approvedBy(decide(nodes, { maxUnavailable: '1', canary: '1' }))).toEqual(['b', 'c']);
  });

  it('removes the taint of a joining node when it is done, and not before', () => {
    const nodes = [done('a', { joining: true }), working('b', NEW_NODE), failed('d', NEW_NODE), done('e')];
    expect(decide(nodes, {}).untaint).toEqual(['a']);
  });

  it('does not count a joining node as a canary', () => {
    expect(
      approvedBy(decide([done('a', { joining: true }), waiting('b'), waiting('c')], { maxUnavailable: '3' })),
    ).toEqual(['b']);
  });

  it('reports a rollout as Done while only a joining node waits', () => {
    expect(decide([done('a'), waiting('b', NEW_NODE)], {}).phase).toBe('Done');
  });

  it('keeps the approval of a joining node outside the windows', () => {
    expect(
      decide([approved('a', { ...NEW_NODE, approvedRevision: NEW })], { windows: 'Sun 00:00-01:00 UTC' })
        .approvals,
    ).toEqual([]);
  });

  it('reports attention for a joining node whose agent changes nothing', () => {
    const decision = decide([waiting('a', { ...NEW_NODE, state: 'Observing' })], { mode: 'Observe' });
    expect(attentionOf(decision, 'a')).toMatch(/kubectl taint node a kubelet-sysctl-agent\/pending-/u);
  });

  it('changes a node that joins again at once, and keeps its taint until then, though its host had an earlier list', () => {
    const again = waiting('a', { joining: true });
    expect(again.appliedRevision).toBeDefined();
    const decision = decide([again, waiting('b')], { windows: 'Sun 00:00-01:00 UTC' });
    expect(approvedBy(decision)).toEqual(['a']);
    expect(decision.untaint).toEqual([]);
  });
});

describe('an approval', () => {
  it.each<[string, FleetNode, string | undefined]>([
    ['of a node that pods block', approved('a', { state: 'Blocked' }), undefined],
    ['of a node that is not Ready for long', approved('a', notReady(600)), undefined],
    [
      'that was not used for ten minutes',
      approved('a', { approvedAt: secondsAgo(600) }),
      APPROVAL_MARKERS.unanswered,
    ],
    [
      'for a list that the policy no longer names',
      approved('a', { desiredRevision: OLD, appliedRevision: 'x' }),
      APPROVAL_MARKERS.unfinished,
    ],
    [
      'for an older list that an edit could make valid again',
      waiting('a', { state: 'Blocked', approvedRevision: '1111111111' }),
      APPROVAL_MARKERS.unfinished,
    ],
    [
      'on a prediction that got no report for two minutes',
      unreported('a', { approvedRevision: NEW, approvedAt: secondsAgo(120) }),
      APPROVAL_MARKERS.unread,
    ],
    [
      'for a list that the policy no longer names and that may be in use',
      unreported('a', { approvedRevision: '1111111111' }),
      APPROVAL_MARKERS.unfinished,
    ],
    ['that is stale, of a node that is done', done('a', { approvedRevision: '1111111111' }), undefined],
  ])('an approval %s is revoked or replaced', (_, node, revision) => {
    expect(decide([node], ONE).approvals).toEqual([{ node: 'a', revision }]);
  });

  it.each<[string, FleetNode]>([
    ['that is being used', working('a')],
    ['that waits for the agent', approved('a', { approvedAt: secondsAgo(599) })],
    [
      'that may be in use without a report',
      unreported('a', { approvedRevision: NEW, approvedAt: secondsAgo(119) }),
    ],
    ['of a node that failed and retries', failed('a')],
    ['of a node that is done', done('a')],
    ['for the applied list while another list waits for its approval', waiting('z', { state: 'Blocked' })],
    ['that became stale by an edit while it was being used', working('a', { desiredRevision: OLD })],
    [
      'that is marked as unfinished already',
      waiting('a', { state: 'Blocked', approvedRevision: APPROVAL_MARKERS.unfinished }),
    ],
  ])('an approval %s stays', (_, node) => {
    expect(decide([node], ONE).approvals).toEqual([]);
  });

  it('approves a node whose approval timed out again after an hour, and last', () => {
    const silent = { approvedRevision: APPROVAL_MARKERS.unanswered };
    const early = decide([waiting('a', { ...silent, approvedAt: secondsAgo(3599) })], ONE);
    expect([approvedBy(early), early.nextWakeup]).toEqual([[], secondsAgo(-1)]);
    expect(attentionOf(early, 'a')).toMatch(/Approved, but the change did not begin.*get pods/u);
    const late = waiting('a', { ...silent, approvedAt: secondsAgo(3600) });
    expect(approvedBy(decide([late, waiting('b')], ONE))).toEqual(['b']);
    expect(approvedBy(decide([late], ONE))).toEqual(['a']);
  });
});

describe('the texts for people', () => {
  it.each<[string, FleetNode, RegExp | undefined]>([
    ['is done', done('a'), undefined],
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
    ['is Done with another list', unreported('a'), undefined],
    [
      'did not report after an approval on a prediction',
      unreported('a', { approvedRevision: APPROVAL_MARKERS.unread }),
      /Approved, but the agent does not respond.*get pods/u,
    ],
    [
      'has an agent that has not reported on the ConfigMap',
      unreported('a', { state: 'Blocked' }),
      /has not reported on the current ConfigMap/u,
    ],
    [
      'became not Ready in the middle of its change',
      working('a', notReady(700)),
      /not Ready in the middle of its change.*journalctl -u kubelet/u,
    ],
  ])(
    'the attention text of a node that %s gives the cause and the next step, or is absent',
    (_, node, attention) => {
      const text = attentionOf(decide([node, ...['x', 'y'].map((name) => done(name))], {}), 'a');
      expect(text ?? 'nothing').toMatch(attention ?? /^nothing$/u);
    },
  );

  it('leaves out nodes that do not run Linux', () => {
    const nodes = [waiting('a', { state: undefined, labels: { 'kubernetes.io/os': 'windows' } }), done('b')];
    expect(decide(nodes, {}).nodes.map(({ name }) => name)).toEqual(['b']);
  });

  it('lists every node once, in the order of names', () => {
    const nodes = ['b', 'a10', 'a9', 'c'].map((name) => waiting(name));
    expect(decide(nodes, {}).nodes.map(({ name }) => name)).toEqual(['a10', 'a9', 'b', 'c']);
  });

  it.each<[string, readonly FleetNode[], string, RegExp]>([
    ['no agents', [waiting('a', { state: undefined })], 'Waiting', /No agent has reported on any node/u],
    ['all done', [done('a'), done('b')], 'Done', /All of 2 nodes/u],
    [
      'all done that can be changed',
      [done('a'), waiting('b', { state: 'Blocked' })],
      'Done',
      /1 of 2 nodes; 1 cannot/u,
    ],
    [
      'no report on the ConfigMap',
      [unreported('a', { state: 'Blocked' })],
      'Canary',
      /agents of 1 node have not reported.*: a\./u,
    ],
    [
      'no free slot',
      [done('a', notReady(5)), done('b'), waiting('c')],
      'Rolling',
      /No approval now: the places of maxUnavailable are 1 of 1 taken: a \(not Ready since \S+Z; until it is Ready, at the latest \S+Z\)\./u,
    ],
  ])('the phase and reason of a fleet with %s are as expected', (_, nodes, phase, reason) => {
    expect(decide(nodes, {})).toMatchObject({ phase, reason: expect.stringMatching(reason) });
  });
});

function decide(nodes: readonly FleetNode[], data: Readonly<Record<string, string>>): RolloutDecision {
  return decideRollout(nodes, valid(data), NOW);
}

/** A node whose change was committed `seconds` ago. */
function changedAgo(name: string, seconds: number, more: Partial<FleetNode> = {}): FleetNode {
  return done(name, { approvedAt: secondsAgo(seconds + 20), lastChange: secondsAgo(seconds), ...more });
}

function approvedBy({ approvals }: RolloutDecision): readonly string[] {
  return approvals.filter(({ revision }) => isRevision(revision)).map(({ node }) => node);
}

function attentionOf({ nodes }: RolloutDecision, name: string): string | undefined {
  return nodes.find((node) => node.name === name)?.attention;
}
