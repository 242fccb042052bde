import { describe, expect, it } from 'vitest';
import { reportWhileWaiting, type ServiceReportPorts } from '../../../agent/cli/daemon/service-report.ts';
import { ALLOWS_PREFIX, INPUT_KEYS, KEYS } from '../../../agent/names.ts';
import type { NodeObject } from '../../../agent/node/ports.ts';
import { FakeHost } from '../../../scripts/fakes/fake-host.ts';
import { atRest } from '../../node/started-agent.ts';

const REASON = "The host's own service holds the node lock.";

/** What a pod's agent reported before the service came. */
const NODE: NodeObject = {
  name: 'n1',
  uid: 'u1',
  labels: { [KEYS.state]: 'Done', [`${ALLOWS_PREFIX}kernel.sem`]: 'true', zone: 'a' },
  annotations: {
    [KEYS.state]: 'Done',
    [KEYS.running]: 'kernel.sem',
    [KEYS.appliedRevision]: 'aaaaaaaaaa',
    [INPUT_KEYS.paused]: 'true',
    other: 'x',
  },
};

type Patch = Parameters<ServiceReportPorts['cluster']['patchNode']>[0];

function waiting(): {
  readonly lock: ReturnType<typeof reportWhileWaiting>;
  readonly patches: Patch[];
  readonly events: string[];
  readonly watches: {
    stopped: number;
    readonly begun: Parameters<ServiceReportPorts['cluster']['watchNode']>[];
  };
  readonly away: { now: boolean };
} {
  const { clock, log } = new FakeHost().ports();
  const patches: Patch[] = [];
  const events: string[] = [];
  const away = { now: false };
  const watches: ReturnType<typeof waiting>['watches'] = { stopped: 0, begun: [] };
  const cluster: ServiceReportPorts['cluster'] = {
    async patchNode(patch) {
      if (away.now) throw new Error('away');
      patches.push(patch);
    },
    nodeEvent: async (_node, { reason }) => void events.push(reason),
    watchNode(...begun) {
      watches.begun.push(begun);
      return { synced: Promise.resolve(), stop: () => void (watches.stopped += 1) };
    },
  };
  return { lock: reportWhileWaiting({ cluster, clock, log }), patches, events, watches, away };
}

describe('a pod that waits for the node lock', () => {
  it("shows the host's own service in place of what an agent reported, and leaves what others wrote", async () => {
    const { lock, patches, events, watches } = waiting();
    lock.onBusy(REASON, 'service');
    watches.begun[0]?.[0](NODE);
    await atRest();
    expect(patches).toHaveLength(1);
    expect(patches[0]).toMatchObject({
      annotations: {
        [KEYS.state]: 'Blocked',
        [KEYS.reason]: REASON,
        [KEYS.running]: null,
        [KEYS.appliedRevision]: null,
      },
      labels: { [KEYS.state]: 'Blocked', [`${ALLOWS_PREFIX}kernel.sem`]: null },
    });
    expect(Object.keys({ ...patches[0]?.annotations, ...patches[0]?.labels })).not.toEqual(
      expect.arrayContaining([INPUT_KEYS.paused, 'other', 'zone']),
    );
    expect(events).toEqual(['NodeBlocked']);
  });

  it('writes nothing while it waits for the agent of another pod, nor when it never waited', async () => {
    const { lock, watches } = waiting();
    lock.onWaited();
    lock.onBusy('Another agent holds the node lock.', 'pod');
    lock.onWaited();
    await atRest();
    expect(watches.begun).toEqual([]);
  });

  it.each(['its wait ends', 'another pod has the lock'] as const)('stops to report when %s', async (end) => {
    const { lock, patches, watches } = waiting();
    lock.onBusy(REASON, 'service');
    if (end === 'its wait ends') lock.onWaited();
    else lock.onBusy('Another agent holds the node lock.', 'pod');
    watches.begun[0]?.[0](NODE);
    await atRest();
    expect(watches.stopped).toBe(1);
    expect(patches).toEqual([]);
  });

  it('reports again when an API server that refused the report is back', async () => {
    const { lock, patches, watches, away } = waiting();
    away.now = true;
    lock.onBusy(REASON, 'service');
    watches.begun[0]?.[0](NODE);
    await atRest();
    away.now = false;
    watches.begun[0]?.[1]?.onRecovered?.();
    await atRest();
    expect(patches).toHaveLength(1);
  });
});
