import { describe, expect, it } from 'vitest';
import { VERSION } from '../../../agent/text/version.ts';
import { KEYS } from '../../../agent/names.ts';
import type { Cluster, NodeObject } from '../../../agent/node/ports.ts';
import { createPublisher, NOTHING_SEEN } from '../../../agent/node/report/publisher.ts';
import type { NodeReport } from '../../../agent/report/annotations.ts';
import type { EventDraft } from '../../../agent/report/event-draft.ts';

const NODE: NodeObject = { name: 'n1', uid: 'u', labels: {}, annotations: {} };
const DEGRADED: NodeReport = { ...NOTHING_SEEN, state: 'Degraded', reason: 'It failed.' };
const BLOCKED: NodeReport = { ...NOTHING_SEEN, state: 'Blocked', reason: 'A pod.' };
const DONE: NodeReport = { ...NOTHING_SEEN, state: 'Done', reason: 'It is done.' };

/** A publisher of one Node, and the requests that the API server got. */
function scene() {
  const asked: string[] = [];
  const api = { takesEvents: true };
  const cluster: Pick<Cluster, 'patchNode' | 'nodeEvent'> = {
    patchNode: async () => void asked.push('patch'),
    async nodeEvent(_node, { reason }: EventDraft) {
      asked.push(reason);
      if (!api.takesEvents) throw new Error('no answer');
    },
  };
  const warnings: string[] = [];
  const publisher = createPublisher(cluster, {
    info: () => undefined,
    warn: (_facts, message) => warnings.push(message),
  });
  publisher.setNode(NODE);
  return { publisher, asked, api, warnings };
}

describe('a failure to observe the node, before this process has observed it', () => {
  it('changes the state, the reason and the version of the agent alone: what the node shows of an earlier agent stays', async () => {
    const patches: Parameters<Cluster['patchNode']>[0][] = [];
    const reasons: string[] = [];
    const publisher = createPublisher(
      {
        patchNode: async (patch) => void patches.push(patch),
        nodeEvent: async (_node, { reason }) => void reasons.push(reason),
      },
      { info: () => undefined, warn: () => undefined },
    );
    const shown = {
      [KEYS.state]: 'Done',
      [KEYS.running]: 'kernel.sem',
      [KEYS.drift]: 'unmanaged: kernel.sem (somewhere)',
      [KEYS.desiredRevision]: 'a',
      [KEYS.appliedRevision]: 'a',
    };
    publisher.setNode({ ...NODE, annotations: shown });
    await publisher.publishFailure({ state: 'Degraded', reason: 'systemd does not answer' });
    await publisher.publishFailure({ state: 'Degraded', reason: 'systemd does not answer' });
    expect(patches).toEqual([
      {
        annotations: {
          [KEYS.state]: 'Degraded',
          [KEYS.reason]: 'systemd does not answer',
          [KEYS.version]: VERSION,
        },
        labels: { [KEYS.state]: 'Degraded' },
      },
    ]);
    expect(reasons).toEqual(['NodeDegraded']);
  });
});

describe('an Event of a node that could not be posted', () => {
  it('is retried with the next report, also when that has nothing else to write', async () => {
    const { publisher, asked, api } = scene();
    api.takesEvents = false;
    await publisher.publish(DEGRADED);
    api.takesEvents = true;
    await publisher.publish(DEGRADED);
    await publisher.publish(DEGRADED);
    expect(asked).toEqual(['patch', 'NodeDegraded', 'NodeDegraded']);
  });

  it('is tried once for each report, and later Events wait for it', async () => {
    const { publisher, asked, api, warnings } = scene();
    api.takesEvents = false;
    await publisher.publish(DEGRADED);
    await publisher.publish(BLOCKED);
    await publisher.publish(DONE);
    expect(asked.filter((one) => one !== 'patch')).toEqual(['NodeDegraded', 'NodeDegraded', 'NodeDegraded']);
    expect(warnings.length).toBe(3);
    asked.length = 0;
    api.takesEvents = true;
    await publisher.publish(DONE);
    expect(asked).toEqual(['NodeDegraded', 'NodeBlocked', 'NodeDone']);
  });

  it('is kept in a bounded queue that drops the oldest', async () => {
    const { publisher, asked, api } = scene();
    api.takesEvents = false;
    for (let turn = 0; turn < 30; turn += 1) await publisher.publish({ ...BLOCKED, reason: `pod ${turn}` });
    asked.length = 0;
    api.takesEvents = true;
    await publisher.publish(DONE);
    expect(asked).toEqual(['patch', ...Array.from({ length: 19 }, () => 'NodeBlocked'), 'NodeDone']);
  });
});
