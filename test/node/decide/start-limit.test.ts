import { describe, expect, test } from 'vitest';
import {
  type Instant,
  startsAllowedAt,
  withoutEditedStarts,
  withStarts,
} from '../../../agent/node/decide/start-limit.ts';
import { EMPTY_STATE } from '../../../agent/node/state/state-store.ts';
import { INPUT_KEYS, KEYS } from '../../../agent/names.ts';
import { ENVIRONMENT_FILE, FakeHost } from '../../../scripts/fakes/fake-host.ts';
import type { Agent } from '../../../agent/node/agent.ts';
import { atRest, startedAgent } from '../started-agent.ts';

const POLICY = { allowedUnsafeSysctls: 'net.core.somaxconn', nodeSoakSeconds: '0' };
const OTHER = { allowedUnsafeSysctls: 'net.core.somaxconn,kernel.sem', nodeSoakSeconds: '0' };
// A name that every kubelet allows.
const NOTHING = { allowedUnsafeSysctls: 'net.ipv4.ip_unprivileged_port_start', nodeSoakSeconds: '0' };
const dies = (argv: readonly string[]): string | undefined =>
  argv.join().includes('somaxconn') ? 'E run.go] "command failed" err="no"' : undefined;

/** A node whose change has failed twice, so that the agent has started its kubelet four times. */
async function failedTwice(): Promise<{ readonly host: FakeHost; readonly agent: Agent }> {
  const host = new FakeHost().startKubelet();
  host.crash = dies;
  const agent = await startedAgent(host, POLICY);
  host.advance(31_000);
  await atRest();
  return { host, agent };
}

const MINUTE = 60_000;
const START = Date.parse('2026-11-24T02:00:00Z');
/** The instant so many ms after START, on a node that is an hour up. */
const after = (ms: number, setByMs = 0): Instant => ({
  now: new Date(START + ms + setByMs),
  monotonicMs: 60 * MINUTE + ms,
});
const CHANGE = { revision: 'r1', resourceVersion: '7' };

describe('a node on which the same change fails at every try', () => {
  test('has its kubelet started at most four times in any 20 minutes, over restarts of the agent', async () => {
    const host = new FakeHost({ [ENVIRONMENT_FILE]: 'KUBELET_EXTRA_ARGS=--v=3\n' }).startKubelet();
    host.crash = dies;
    const startsMs: number[] = [];
    host.restarted = async () => {
      startsMs.push(host.now.getTime());
    };

    let agent = await startedAgent(host, POLICY);
    for (let times = 0; times < 180; times += 1) {
      host.advance(30_000);
      // Another file of the node changes: without the limit that is a new situation.
      host.files.set('/var/lib/kubelet/config.yaml', `kind: KubeletConfiguration\n# ${times}\n`);
      agent.hostChanged();
      await atRest();
      if (times % 7 === 0) {
        await agent.stop();
        agent = await startedAgent(host, POLICY);
      }
    }

    expect(startsMs.length).toBeGreaterThanOrEqual(12);
    const most = Math.max(
      ...startsMs.map((from) => startsMs.filter((at) => at >= from && at <= from + 20 * MINUTE).length),
    );
    expect(most).toBe(4);
  });

  test('shows when the next try comes and why it waits, in one report', async () => {
    const { host, agent } = await failedTwice();
    host.actions.length = 0;

    for (let times = 0; times < 10; times += 1) {
      agent.hostChanged();
      host.advance(MINUTE);
      await atRest();
    }

    expect(host.annotations[KEYS.state]).toBe('Degraded');
    expect(host.annotations[KEYS.reason]).toMatch(
      /failed and was rolled back.*Next try at 2026-11-24T02:2.*at most 4 times in 20 minutes/u,
    );
    expect(host.actions.filter((action) => action.startsWith('patch')).length).toBeLessThanOrEqual(1);
  });

  test('is tried again at once when a person asks for it or edits the list', async () => {
    const { host, agent } = await failedTwice();
    expect(host.restarts).toBe(4);

    host.advance(1000);
    host.annotations[INPUT_KEYS.retry] = 'now';
    agent.setNode(host.node());
    await atRest();
    expect(host.restarts).toBe(6);

    agent.setConfigMap(host.configMap(OTHER));
    await atRest();
    expect(host.restarts).toBe(8);
  });
});

describe('a list that a person takes away and brings back', () => {
  test('is tried at once, also by an agent that was started in between', async () => {
    const { host, agent } = await failedTwice();
    expect(host.restarts).toBe(4);

    agent.setConfigMap(host.configMap(NOTHING));
    await atRest();
    host.advance(11_000);
    await atRest();
    expect(host.annotations[KEYS.state]).toBe('Done');
    await agent.stop();
    const next = await startedAgent(host, NOTHING);
    host.crash = () => undefined;
    next.setConfigMap(host.configMap(POLICY));
    await atRest();

    expect(host.restarts).toBe(5);
    expect(host.annotations[KEYS.state]).toBe('Done');
  });
});

describe('the time of the next start', () => {
  const three = withStarts(withStarts(EMPTY_STATE, CHANGE, 2, after(0)), CHANGE, 1, after(MINUTE));
  const nextFor = (revision: string, resourceVersion: string): Date | undefined =>
    startsAllowedAt(withoutEditedStarts(three, { revision, resourceVersion }), after(2 * MINUTE));

  test('is at once while a try and its rollback stay within four starts', () => {
    const two = withStarts(EMPTY_STATE, CHANGE, 2, after(0));

    expect(startsAllowedAt(two, after(MINUTE))).toBeUndefined();
    expect(startsAllowedAt(three, after(2 * MINUTE))).toEqual(new Date(START + 20 * MINUTE + 1000));
    expect(startsAllowedAt(three, after(20 * MINUTE + 1))).toBeUndefined();
  });

  test.each([
    ['back', -86_400_000],
    ['forward', 30 * MINUTE],
  ])('is by the time that has passed when the clock was set %s', (_how, setByMs) => {
    const at = startsAllowedAt(three, after(2 * MINUTE, setByMs));

    expect(at).toEqual(new Date(START + setByMs + 20 * MINUTE + 1000));
    expect(startsAllowedAt(three, after(20 * MINUTE + 1, setByMs))).toBeUndefined();
  });

  test('does not depend on starts before a reboot', () => {
    const rebooted = { now: new Date(START + 5 * MINUTE), monotonicMs: MINUTE };

    expect(startsAllowedAt(three, rebooted)).toBeUndefined();
    // The same uptime as at the starts, a day later.
    expect(
      startsAllowedAt(three, { now: new Date(START + 86_400_000), monotonicMs: 62 * MINUTE }),
    ).toBeUndefined();
  });

  test('does not depend on starts for what a person has edited since', () => {
    expect(nextFor('r2', '8')).toBeUndefined();
    // A label changed the list, and the ConfigMap is the same.
    expect(nextFor('r2', '7')).toBeDefined();
    // The list is the same after an edit of another key.
    expect(nextFor('r1', '8')).toBeDefined();
  });

  test('is the same at every call', () => {
    const times = [0.4, 999.7, 30_000.3].map((ms) =>
      startsAllowedAt(three, {
        now: after(2 * MINUTE + ms).now,
        monotonicMs: 62 * MINUTE + ms + 3.6,
      }),
    );

    expect(new Set(times.map((at) => at?.getTime())).size).toBe(1);
  });
});
