import { fc } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { INPUT_KEYS, KEYS, STATE_DIR } from '../../agent/names.ts';
import { parseFleetNode } from '../../agent/cluster/objects/fleet-node.ts';
import type { Agent } from '../../agent/node/agent.ts';
import { parsePolicy } from '../../agent/policy/parse.ts';
import { decideRollout } from '../../agent/rollout/decide.ts';
import { ENVIRONMENT_FILE, FakeHost } from '../../scripts/fakes/fake-host.ts';
import { atRest, startedAgent } from './started-agent.ts';

const PROFILES = `- name: databases
  nodeSelector: {pool: db, disk: ssd}
  allowedUnsafeSysctls: [kernel.sem]
- name: web
  nodeSelector: {pool: web}
  allowedUnsafeSysctls: [net.ipv4.tcp_fastopen]
`;
const POLICY = { allowedUnsafeSysctls: 'net.core.somaxconn', profiles: PROFILES, nodeSoakSeconds: '0' };
const BOTH = '--allowed-unsafe-sysctls=kernel.sem,net.core.somaxconn';

type Options = Parameters<typeof startedAgent>[2];

/** A node with the labels of the profile databases, whose agent has applied the policy. */
async function labelled(options: Options = {}): Promise<{ host: FakeHost; agent: Agent }> {
  const host = new FakeHost().startKubelet();
  Object.assign(host.labels, { pool: 'db', disk: 'ssd' });
  const agent = await startedAgent(host, POLICY, options);
  return { host, agent };
}

async function setLabels(
  host: FakeHost,
  agent: Agent,
  labels: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  for (const [label, value] of Object.entries(labels)) {
    if (value === undefined) delete host.labels[label];
    else host.labels[label] = value;
  }
  agent.setNode(host.node());
  await atRest();
}

async function pass(host: FakeHost, ms: number): Promise<void> {
  host.advance(ms);
  await atRest();
}

/** What the coordinator decides about this node as it is now: its revision, and the approval that it would write. */
function coordinated(host: FakeHost, data = POLICY): { revision: string | undefined; approves: unknown } {
  const { labels, annotations } = host.node();
  const { node } = parseFleetNode({
    metadata: { name: 'n1', resourceVersion: '1', labels, annotations },
    status: {
      nodeInfo: { kubeletVersion: 'v1.37.2', kernelVersion: '6.1.0-18-amd64' },
      conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-11-01T00:00:00Z' }],
    },
  });
  const policy = parsePolicy(data);
  if (!policy.ok) throw new Error('Expected a valid policy.');
  const decision = decideRollout([node], { policy: policy.policy, errors: [] }, host.now);
  return { revision: decision.nodes[0]?.revision, approves: decision.approvals[0]?.revision };
}

async function approve(host: FakeHost, agent: Agent): Promise<void> {
  const { approves } = coordinated(host);
  if (typeof approves === 'string') host.annotations[INPUT_KEYS.approvedRevision] = approves;
  agent.setNode(host.node());
  await atRest();
  agent.setNode(host.node());
  await atRest();
}

describe('a label that is missing', () => {
  test('takes nothing from the node while it is missing for less than a minute', async () => {
    const { host, agent } = await labelled();
    const actions = host.actions.length;
    await setLabels(host, agent, { pool: undefined });
    await pass(host, 59_000);
    await setLabels(host, agent, { pool: 'db' });
    await pass(host, 120_000);
    expect(host.actions.slice(actions)).toEqual([]);
    expect(host.runningArgv).toContain(BOTH);
  });

  test('takes the allowances of its profile after a minute, without any event', async () => {
    const { host, agent } = await labelled();
    await setLabels(host, agent, { pool: undefined });
    await pass(host, 59_900);
    expect(host.runningArgv).toContain(BOTH);
    await pass(host, 200);
    expect(host.runningArgv).toContain('--allowed-unsafe-sysctls=net.core.somaxconn');
    expect(host.annotations[KEYS.profiles]).toBeUndefined();
  });

  test('takes nothing while an agent that was started meanwhile has seen it missing for less than a minute', async () => {
    const { host, agent } = await labelled();
    await setLabels(host, agent, { pool: undefined });
    await pass(host, 30_000);
    await agent.stop();
    const next = await startedAgent(host, POLICY);
    await pass(host, 59_000);
    expect(host.runningArgv).toContain(BOTH);
    await setLabels(host, next, { pool: 'db' });
    await pass(host, 120_000);
    expect(host.restarts).toBe(1);
  });

  test('takes nothing when the agent is killed in the change that added the allowances', async () => {
    const host = new FakeHost().startKubelet();
    const agent = await startedAgent(host, POLICY);
    host.fault = (action) => {
      if (action !== `write ${STATE_DIR}/state.json` || host.restarts < 2) return undefined;
      return new Error('killed');
    };
    await setLabels(host, agent, { pool: 'db', disk: 'ssd' });
    expect(host.runningArgv?.at(-1)).toContain('kernel.sem');
    await agent.stop();
    host.fault = () => undefined;
    delete host.labels['disk'];
    await startedAgent(host, POLICY);
    await pass(host, 30_000);
    expect(host.runningArgv?.at(-1)).toContain('kernel.sem');
    expect(host.restarts).toBe(2);
  });

  test('takes nothing when the wall clock is set forward by an hour', async () => {
    const { host, agent } = await labelled();
    await setLabels(host, agent, { pool: undefined });
    host.now = new Date(host.now.getTime() + 3_600_000);
    host.clockSetBy += 3_600_000;
    agent.hostChanged();
    await pass(host, 1000);
    expect(host.runningArgv).toContain(BOTH);
  });

  test('does not delay what another value of it adds', async () => {
    const { host, agent } = await labelled();
    await setLabels(host, agent, { pool: 'web' });
    expect(host.runningArgv).toContain(
      '--allowed-unsafe-sysctls=kernel.sem,net.core.somaxconn,net.ipv4.tcp_fastopen',
    );
    await pass(host, 61_000);
    expect(host.runningArgv).toContain('--allowed-unsafe-sysctls=net.core.somaxconn,net.ipv4.tcp_fastopen');
  });

  test.each([
    ['removes the profile', { ...POLICY, profiles: '' }],
    ['removes its allowances', { ...POLICY, profiles: PROFILES.replace('kernel.sem', 'net.core.somaxconn') }],
    ['makes it select other labels', { ...POLICY, profiles: PROFILES.replace('pool: db', 'pool: cache') }],
  ])('does not delay an edit that %s', async (_what, data) => {
    const { host, agent } = await labelled();
    await setLabels(host, agent, { pool: undefined });
    agent.setConfigMap(host.configMap(data));
    await atRest();
    expect(host.runningArgv).toContain('--allowed-unsafe-sysctls=net.core.somaxconn');
  });

  test('takes nothing by an edit of something else', async () => {
    const { host, agent } = await labelled();
    await setLabels(host, agent, { pool: undefined });
    agent.setConfigMap(host.configMap({ ...POLICY, allowedUnsafeSysctls: 'net.core.*' }));
    await atRest();
    expect(host.runningArgv).toContain('--allowed-unsafe-sysctls=kernel.sem,net.core.*');
  });
});

describe('agent and coordinator', () => {
  test('agree on the revision while a label is missing, and after it has been for a minute', async () => {
    const { host, agent } = await labelled({ waitForApproval: true });
    await approve(host, agent);
    expect(host.annotations[KEYS.state]).toBe('Done');
    const before = coordinated(host);
    await setLabels(host, agent, { disk: undefined });
    await pass(host, 59_000);
    expect(coordinated(host)).toEqual(before);
    await pass(host, 2000);
    // Not silent as a node that waits after an edit: the coordinator cannot know it from the policy.
    expect(host.annotations[KEYS.state]).toBe('Pending');
    expect(coordinated(host)).toEqual({
      revision: host.annotations[KEYS.desiredRevision],
      approves: host.annotations[KEYS.desiredRevision],
    });
    await approve(host, agent);
    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(host.runningArgv).toContain('--allowed-unsafe-sysctls=net.core.somaxconn');
  });

  test('agree while a policy is edited, and the agent that waits for its turn stays silent', async () => {
    const { host, agent } = await labelled({ waitForApproval: true });
    await approve(host, agent);
    const actions = host.actions.length;
    const data = {
      ...POLICY,
      profiles: `${PROFILES}- {name: more, nodeSelector: {disk: ssd}, allowedUnsafeSysctls: [net.ipv4.ip_forward]}\n`,
    };
    agent.setConfigMap(host.configMap(data));
    await pass(host, 10_000);
    expect(host.actions.slice(actions).filter((action) => action.startsWith('patch'))).toEqual([]);
    expect(coordinated(host, data).approves).toBe(coordinated(host, data).revision);
  });
});

const LABELS = ['pool', 'disk'] as const;
const VALUES = { pool: 'db', disk: 'ssd' } as const;
type Label = (typeof LABELS)[number];

/** In seconds; a label is missing for less than a minute at a time. */
const STEPS = fc.array(
  fc.record({
    wait: fc.integer({ min: 0, max: 40 }),
    label: fc.constantFrom(...LABELS),
    gone: fc.boolean(),
    restart: fc.boolean(),
  }),
  { maxLength: 14 },
);

/** Labels of a node that come back after 59 s at the latest. */
function blinking(host: FakeHost) {
  const goneAt = new Map<Label, number>();
  return {
    async set(agent: Agent, label: Label, gone: boolean): Promise<void> {
      if (!gone) goneAt.delete(label);
      else if (!goneAt.has(label)) goneAt.set(label, host.now.getTime());
      await setLabels(host, agent, { [label]: gone ? undefined : VALUES[label] });
    },
    async pass(agent: Agent, seconds: number): Promise<void> {
      const end = host.now.getTime() + seconds * 1000;
      for (;;) {
        const [next] = [...goneAt].toSorted(([, one], [, other]) => one - other);
        if (next === undefined || next[1] + 59_000 > end) break;
        await pass(host, Math.max(0, next[1] + 59_000 - host.now.getTime()));
        await this.set(agent, next[0], false);
      }
      await pass(host, Math.max(0, end - host.now.getTime()));
    },
  };
}

test('labels that are missing in any pattern, each for less than a minute, change, restart and report nothing', async () => {
  await fc.assert(
    fc.asyncProperty(STEPS, async (steps) => {
      const { host, agent: first } = await labelled();
      let agent = first;
      const actions = host.actions.length;
      const before = coordinated(host);
      const labels = blinking(host);
      for (const { wait, label, gone, restart } of steps) {
        await labels.pass(agent, wait);
        await labels.set(agent, label, gone);
        if (restart) {
          await agent.stop();
          agent = await startedAgent(host, POLICY);
        }
        expect(coordinated(host)).toEqual(before);
      }
      expect(host.actions.slice(actions)).toEqual([]);
      expect(host.files.get(ENVIRONMENT_FILE)).toContain('kernel.sem');
      await agent.stop();
    }),
    { numRuns: 60 },
  );
}, 60_000);
