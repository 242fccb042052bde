import { describe, expect, it } from 'vitest';
import { fleetSamples, type FleetPicture } from '../../../agent/rollout/metrics/fleet-samples.ts';
import { done, failed, NEW, secondsAgo, valid, waiting, working } from '../fleets.ts';
import { pictureOf } from './pictures.ts';

/** The samples as `name{label="value"} value`, without the common prefix. */
function lines(picture: FleetPicture): string[] {
  return [...fleetSamples(picture)].map(({ name, labels, value }) => {
    const text = Object.entries(labels).map(([key, label]) => `${key}="${label}"`);
    return `${name.replace('kubelet_sysctls_', '')}${text.length === 0 ? '' : `{${text.join(',')}}`} ${value}`;
  });
}

function silent(...nodes: Parameters<typeof pictureOf>[0]): string[] {
  return lines(pictureOf(nodes)).filter((line) => line.startsWith('node_agent_silent'));
}

const WINDOW_LATER = valid({ windows: 'Tue 22:00-23:00 UTC' });

describe('fleetSamples', () => {
  it('counts the nodes of each state and of each standing', () => {
    const nodes = [done('a'), done('b'), working('c'), waiting('d'), waiting('e', { state: 'Blocked' })];
    expect(lines(pictureOf(nodes))).toEqual(
      expect.arrayContaining([
        'nodes{state="Done"} 2',
        'nodes{state="Working"} 1',
        'nodes{state="Pending"} 1',
        'nodes{state="Blocked"} 1',
        'nodes{state="Degraded"} 0',
        'rollout_nodes{standing="done"} 2',
        'rollout_nodes{standing="changing"} 1',
        'rollout_nodes{standing="waiting"} 1',
        'rollout_nodes{standing="held"} 1',
        'rollout_nodes{standing="failed"} 0',
      ]),
    );
  });

  it('names only nodes that are not Done in node_state, each once', () => {
    const states = lines(pictureOf([done('a'), working('b'), waiting('c', { state: 'Degraded' })]));
    expect(states.filter((line) => line.startsWith('node_state'))).toEqual([
      'node_state{node="b",state="Working"} 1',
      'node_state{node="c",state="Degraded"} 1',
    ]);
  });

  it('shows a halted rollout as the one phase with the value 1', () => {
    const halted = lines(pictureOf([failed('a'), waiting('b')], valid({ failureThreshold: '1' })));
    expect(halted.filter((line) => line.startsWith('rollout_phase') && line.endsWith(' 1'))).toEqual([
      'rollout_phase{phase="Halted"} 1',
    ]);
    expect(halted.filter((line) => line.startsWith('rollout_phase'))).toHaveLength(7);
    expect(halted).toContain('rollout_nodes{standing="failed"} 1');
    expect(halted).toContain('rollout_unavailable_nodes 1');
  });

  it('shows a policy that is not valid without its lists, its mode and whether it is paused', () => {
    const error = { key: 'mode', line: 1, message: 'Expected Enforce, got No.' };
    const invalid = lines(pictureOf([waiting('a')], { policy: undefined, errors: [error] }));
    expect(invalid).toContain('policy_valid 0');
    expect(invalid).toContain('rollout_phase{phase="Waiting"} 1');
    expect(invalid.filter((line) => /^policy_(info|paused)/u.test(line))).toEqual([]);
  });

  it('shows a ConfigMap that does not exist as a policy that is not valid', () => {
    expect(lines(pictureOf([waiting('a')], { policy: undefined, errors: [] }))).toContain('policy_valid 0');
  });

  it('shows a paused policy, and its mode beside the hash of its lists', () => {
    const paused = lines(pictureOf([waiting('a')], valid({ paused: 'true' })));
    expect(paused).toContain('policy_paused 1');
    expect(paused).toContain('rollout_phase{phase="Paused"} 1');
    expect(paused.find((line) => line.startsWith('policy_info'))).toMatch(
      /^policy_info\{revision="[0-9a-f]{10}",mode="Enforce"\} 1$/u,
    );
  });

  it('shows each kind of drift of a node, also of a node that is Done', () => {
    const drifted = lines(pictureOf([done('a', { drift: ['unmanaged', 'pending restart'] })]));
    expect(drifted.filter((line) => line.startsWith('node_drift'))).toEqual([
      'node_drift{node="a",kind="unmanaged"} 1',
      'node_drift{node="a",kind="pending restart"} 1',
    ]);
  });

  it('shows when the last change of a node was committed, in seconds since the epoch', () => {
    const at = secondsAgo(60).getTime() / 1000;
    expect(lines(pictureOf([done('a', { lastChange: secondsAgo(60) })]))).toContain(
      `node_last_change_timestamp_seconds{node="a"} ${at}`,
    );
  });

  it('shows the start-up taint of a node that joins', () => {
    expect(lines(pictureOf([waiting('a', { joining: true })]))).toContain('node_startup_taint{node="a"} 1');
  });

  it('shows a node whose rollback is not complete, beside its state', () => {
    const samples = lines(pictureOf([waiting('a', { state: 'Degraded', rollbackIncomplete: true })]));
    expect(samples).toContain('node_state{node="a",state="Degraded"} 1');
    expect(samples).toContain('node_rollback_incomplete{node="a"} 1');
  });

  it('shows when the next approval is possible only while a node waits', () => {
    const next = 'rollout_next_approval_timestamp_seconds';
    const opens = new Date('2026-11-24T22:00:00Z').getTime() / 1000;
    expect(lines(pictureOf([waiting('a')], WINDOW_LATER))).toContain(`${next} ${opens}`);
    expect(lines(pictureOf([done('a')], WINDOW_LATER)).filter((line) => line.startsWith(next))).toEqual([]);
  });
});

describe('node_agent_silent', () => {
  it.each([
    ['a node without any report is silent', { state: undefined, desiredRevision: undefined }],
    [
      'a node that did not begin its approved change is silent',
      { approvedRevision: 'unanswered', approvedAt: secondsAgo(60) },
    ],
    [
      'a node whose agent reported on another policy than the others is silent',
      { desiredRevision: 'ffffffffff' },
    ],
  ])('%s', (_title, more) => {
    expect(silent(done('a'), done('b'), done('c'), waiting('d', more))).toEqual([
      'node_agent_silent{node="d"} 1',
    ]);
  });

  it.each([
    [
      'a node that is not Ready is not called silent',
      { readiness: { ready: false, since: secondsAgo(3600) } },
    ],
    ['a node that waits for its turn is not silent', { desiredRevision: NEW }],
    ['a node whose kubelet has no version is not called silent', { kubelet: '' }],
    ['a node that joins is not called silent', { joining: true, state: undefined }],
  ])('%s', (_title, more) => {
    expect(silent(done('a'), done('b'), done('c'), waiting('d', more))).toEqual([]);
  });

  it('a fleet in which nothing is wrong has no series of a problem', () => {
    const samples = lines(pictureOf([done('a'), done('b')]));
    expect(samples.filter((line) => /^node_(?!last_change)/u.test(line))).toEqual([]);
  });
});
