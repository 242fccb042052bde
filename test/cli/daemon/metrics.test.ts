import { describe, expect, it } from 'vitest';
import { coordinatorMetrics, type CoordinatorMetrics } from '../../../agent/cli/daemon/metrics.ts';
import { FAMILIES, FLEET_GAUGES } from '../../../agent/rollout/metrics/families.ts';
import { approved, done, failed, many, NOW, secondsAgo, valid, waiting } from '../../rollout/fleets.ts';
import { pictureOf } from '../../rollout/metrics/pictures.ts';

async function linesOf(metrics: CoordinatorMetrics): Promise<string[]> {
  return (await textOf(metrics)).split('\n').filter((line) => line !== '');
}

async function textOf(metrics: CoordinatorMetrics): Promise<string> {
  return Buffer.concat((await metrics.exposition()).pieces).toString();
}

const isOfFleet = (line: string): boolean =>
  Object.keys(FLEET_GAUGES).some((name) => line.includes(`${name}{`) || line.includes(`${name} `));

describe('coordinatorMetrics', () => {
  it('has the series of the fleet in the leader alone, and its process and counters in every replica', async () => {
    const leader = { leads: false };
    const metrics = coordinatorMetrics(() => leader.leads);
    metrics.observe(pictureOf([done('a')]));
    const standby = await linesOf(metrics);
    expect(standby).toContain('kubelet_sysctls_coordinator_leader 0');
    expect(standby).toContain('kubelet_sysctls_halts_total 0');
    expect(standby.filter(isOfFleet)).toEqual([]);

    leader.leads = true;
    const leading = await linesOf(metrics);
    expect(leading).toContain('kubelet_sysctls_coordinator_leader 1');
    expect(leading).toContain('kubelet_sysctls_nodes{state="Done"} 1');
  });

  it('has no series of the fleet before the first decision of a term, and none after its end', async () => {
    const metrics = coordinatorMetrics(() => true);
    expect((await linesOf(metrics)).filter(isOfFleet)).toEqual([]);
    metrics.observe(pictureOf([done('a')]));
    metrics.observe(undefined);
    expect((await linesOf(metrics)).filter(isOfFleet)).toEqual([]);
  });

  it('drops the series of a node that was deleted or is Done again', async () => {
    const metrics = coordinatorMetrics(() => true);
    metrics.observe(pictureOf([failed('a'), failed('b'), waiting('c')]));
    metrics.observe(pictureOf([done('b'), waiting('c')]));
    const states = (await linesOf(metrics)).filter((line) => line.startsWith('kubelet_sysctls_node_state{'));
    expect(states).toEqual(['kubelet_sysctls_node_state{node="c",state="Pending"} 1']);
  });

  it('escapes the values of labels', async () => {
    const metrics = coordinatorMetrics(() => true);
    metrics.observe(pictureOf([waiting('a"b\\c\nd')]));
    expect(await linesOf(metrics)).toContain(
      String.raw`kubelet_sysctls_node_state{node="a\"b\\c\nd",state="Pending"} 1`,
    );
  });

  it('leaves out a gauge that has no value', async () => {
    const metrics = coordinatorMetrics(() => true);
    metrics.observe(pictureOf([done('a')]));
    const text = await textOf(metrics);
    expect(text).not.toContain('next_approval');
    expect(text).not.toContain('node_drift');
  });

  it('counts approvals, withdrawals, changes, halts and requests', async () => {
    const metrics = coordinatorMetrics(() => true);
    const halting = valid({ failureThreshold: '1' });
    metrics.observe(pictureOf([waiting('a'), waiting('b')]));
    metrics.observe(pictureOf([approved('a', { approvedAt: secondsAgo(5) }), waiting('b')]));
    metrics.observe(pictureOf([done('a', { approvedAt: secondsAgo(5), lastChange: NOW }), approved('b')]));
    metrics.observe(
      pictureOf([done('a', { approvedAt: secondsAgo(5), lastChange: NOW }), failed('b')], halting),
    );
    metrics.countRequest('PATCH', '200');
    metrics.countRequest('PATCH', '409');
    expect(await linesOf(metrics)).toEqual(
      expect.arrayContaining([
        'kubelet_sysctls_approvals_total 2',
        'kubelet_sysctls_approvals_withdrawn_total{reason="unread"} 0',
        'kubelet_sysctls_changes_total{result="done"} 1',
        'kubelet_sysctls_changes_total{result="failed"} 1',
        'kubelet_sysctls_halts_total 1',
        'kubelet_sysctls_change_duration_seconds_bucket{le="2"} 0',
        'kubelet_sysctls_change_duration_seconds_bucket{le="5"} 1',
        'kubelet_sysctls_change_duration_seconds_count 1',
        'kubelet_sysctls_api_requests_total{verb="PATCH",code="409"} 1',
      ]),
    );
  });

  it('counts nothing that happened between two terms of this process', async () => {
    const metrics = coordinatorMetrics(() => true);
    metrics.observe(pictureOf([waiting('a')]));
    metrics.observe(undefined);
    metrics.observe(pictureOf([approved('a')]));
    expect(await linesOf(metrics)).toContain('kubelet_sysctls_approvals_total 0');
  });

  it('gives each family the type, the help and the labels of its definition', async () => {
    const metrics = coordinatorMetrics(() => true);
    metrics.countRequest('GET', '200');
    const nodes = [
      waiting('a', { joining: true, drift: ['missing'], rollbackIncomplete: true }),
      waiting('b', { state: undefined, desiredRevision: undefined }),
      waiting('c', { approvedRevision: 'unanswered', approvedAt: secondsAgo(60) }),
    ];
    metrics.observe(pictureOf(nodes, valid({ windows: 'Tue 22:00-23:00 UTC' })));
    const lines = await linesOf(metrics);
    for (const [name, { type, help, labels }] of Object.entries(FAMILIES)) {
      expect(lines).toContain(`# TYPE ${name} ${type}`);
      expect(lines).toContain(`# HELP ${name} ${help}`);
      const found = lines.find((line) => line.startsWith(`${name}${labels.length === 0 ? ' ' : '{'}`));
      const keys = [...(found ?? '').matchAll(/(?<key>\w+)="/gu)].map(({ groups }) => groups?.['key']);
      // A histogram has no series of its own name.
      expect({ name, keys }).toEqual({ name, keys: [...labels] });
    }
  });
});

function long(name: string): string {
  return `ip-10-0-${name}.eu-central-1.compute.internal`;
}

describe('the metrics of 5,000 nodes', () => {
  const NODES = 5000;
  /** Series besides those of single nodes. */
  const OTHERS = 80;

  it.each([
    ['have one series a node while all nodes are Done', done, 1, 700_000],
    [
      'have at most seven series a node when everything is wrong everywhere',
      (name: string) =>
        waiting(name, {
          state: 'Degraded',
          rollbackIncomplete: true,
          drift: ['missing', 'unmanaged', 'pending restart'],
        }),
      7,
      3_300_000,
    ],
  ])('%s', async (_title, make, most, bytes) => {
    const metrics = coordinatorMetrics(() => true);
    metrics.observe(pictureOf(many(NODES, (name) => make(long(name)))));
    await metrics.exposition();
    const beganMs = performance.now();
    const text = await textOf(metrics);
    const tookMs = performance.now() - beganMs;
    const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
    process.stdout.write(`${NODES} nodes: ${series} series, ${text.length} bytes, ${tookMs.toFixed(0)} ms\n`);
    expect(series).toBeGreaterThanOrEqual(NODES);
    expect(series).toBeLessThanOrEqual(NODES * most + OTHERS);
    expect(text.length).toBeLessThan(bytes);
    // About 30 ms; the machine of a test may be busy.
    expect(tookMs).toBeLessThan(2000);
  });
});
