import { describe, expect, test } from 'vitest';
import type { Agent } from '../../agent/node/agent.ts';
import { JOURNAL_FILE } from '../../agent/node/memory.ts';
import { KEYS } from '../../agent/report/keys.ts';
import { ENVIRONMENT_FILE, FakeHost, temporaryOf } from './fake-host.ts';
import { atRest, startedAgent } from './started-agent.ts';
import { WEB_POD } from './web-pod.ts';

const BOTH = { allowedUnsafeSysctls: 'net.core.somaxconn,kernel.sem' };

/** A node that is Done with one name, and known to its agent. */
async function settled(host: FakeHost): Promise<Agent> {
  const agent = await startedAgent(host, { allowedUnsafeSysctls: 'net.core.somaxconn' });
  agent.hostChanged();
  host.advance(1000);
  await atRest();
  host.actions.length = 0;
  return agent;
}

describe('a change that is to be expected', () => {
  test('is journalled and armed once, and its file made ready, while the node is still being looked at', async () => {
    const host = new FakeHost().startKubelet();
    const agent = await settled(host);
    const answer = Promise.withResolvers<void>();
    host.systemdAnswers = () => answer.promise;
    agent.hostChanged();

    agent.setConfigMap(host.configMap(BOTH));
    await atRest();
    expect(host.actions.toSorted()).toEqual(['arm', `write ${JOURNAL_FILE}`]);
    expect(host.files.get(ENVIRONMENT_FILE)).not.toContain('kernel.sem');
    expect(host.files.get(temporaryOf(ENVIRONMENT_FILE))).toContain('kernel.sem');

    answer.resolve();
    await atRest();
    expect(host.actions.filter((action) => action === 'arm')).toHaveLength(1);
    expect(host.actions.filter((action) => action === `write ${JOURNAL_FILE}`)).toHaveLength(1);
    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(host.armed).toBeUndefined();
  });

  test('is taken back when the look shows that nothing is to be changed, before that is told', async () => {
    const host = new FakeHost().startKubelet();
    const agent = await settled(host);
    host.active = false;
    agent.hostChanged();

    agent.setConfigMap(host.configMap(BOTH));
    await atRest();

    expect(host.actions.filter((action) => !action.includes(' '))).toEqual(['arm', 'disarm']);
    expect(host.actions.indexOf('disarm')).toBeLessThan(host.actions.indexOf('patch Blocked'));
    expect(host.files.has(JOURNAL_FILE)).toBe(false);
    expect(host.files.has(temporaryOf(ENVIRONMENT_FILE))).toBe(false);
    expect(host.files.get(ENVIRONMENT_FILE)).not.toContain('kernel.sem');
    expect(host.annotations[KEYS.state]).toBe('Blocked');
    expect(host.armed).toBeUndefined();
  });

  test('is begun once, not at every look, while a pod holds it up', async () => {
    const host = new FakeHost().startKubelet();
    const agent = await settled(host);
    host.pods = [WEB_POD];

    agent.setConfigMap(host.configMap({ allowedUnsafeSysctls: 'kernel.sem' }));
    await atRest();

    expect(host.annotations[KEYS.state]).toBe('Blocked');
    for (let look = 0; look < 4; look += 1) {
      host.advance(20_000);
      await atRest();
    }
    expect(host.podLooks.length).toBeGreaterThan(2);
    expect(host.actions.filter((action) => action === 'arm')).toHaveLength(1);
    expect([host.armed, host.files.has(JOURNAL_FILE)]).toEqual([undefined, false]);
  });
});

describe('a change other than the expected one', () => {
  test('is begun anew, and nothing is left of the expected one', async () => {
    const host = new FakeHost().startKubelet();
    const agent = await settled(host);
    const answer = Promise.withResolvers<void>();
    host.systemdAnswers = () => answer.promise;
    agent.hostChanged();
    agent.setConfigMap(host.configMap(BOTH));
    await atRest();
    // By hand, after the last look.
    host.files.set(ENVIRONMENT_FILE, 'KUBELET_EXTRA_ARGS=--v=4\n');

    answer.resolve();
    await atRest();

    expect(host.actions.filter((action) => action === `write ${JOURNAL_FILE}`)).toHaveLength(2);
    expect(host.files.get(ENVIRONMENT_FILE)).toContain('--v=4');
    expect(host.annotations[KEYS.running]).toBe('kernel.sem,net.core.somaxconn');
    expect([host.armed, host.files.has(JOURNAL_FILE)]).toEqual([undefined, false]);
    expect(host.files.has(temporaryOf(ENVIRONMENT_FILE))).toBe(false);
  });

  test('is made of what somebody writes after the look, when all that is left is to put the new file into its place', async () => {
    const host = new FakeHost().startKubelet();
    const agent = await settled(host);
    host.fault = (action) => {
      if (action === 'arm' && host.armed === undefined && host.restarts === 0) {
        host.files.set(ENVIRONMENT_FILE, 'KUBELET_EXTRA_ARGS=--v=4\n');
      }
      return undefined;
    };
    const written: (string | undefined)[] = [];
    host.restarted = async () => void written.push(host.files.get(ENVIRONMENT_FILE));

    agent.setConfigMap(host.configMap(BOTH));
    await atRest();
    host.advance(0);
    await atRest();

    expect(written).toEqual([expect.stringContaining('--v=4')]);
    expect(host.actions.filter((action) => action === `write ${JOURNAL_FILE}`)).toHaveLength(2);
    expect(host.annotations).toMatchObject({
      [KEYS.state]: 'Done',
      [KEYS.running]: 'kernel.sem,net.core.somaxconn',
    });
    expect([host.armed, host.files.has(JOURNAL_FILE)]).toEqual([undefined, false]);
    expect(host.files.has(temporaryOf(ENVIRONMENT_FILE))).toBe(false);
  });

  test('whose file could not be put into its place is undone without a restart', async () => {
    const host = new FakeHost().startKubelet();
    const agent = await settled(host);
    host.fault = (action) =>
      action === `write ${ENVIRONMENT_FILE}` ? new Error('ENOSPC: no space left on device') : undefined;

    agent.setConfigMap(host.configMap(BOTH));
    await atRest();

    expect(host.restarts).toBe(0);
    expect(host.files.get(ENVIRONMENT_FILE)).not.toContain('kernel.sem');
    expect(host.annotations[KEYS.state]).toBe('Degraded');
    expect([host.armed, host.files.has(JOURNAL_FILE)]).toEqual([undefined, false]);
  });

  test('that could not be begun early is not made, and is tried again', async () => {
    const host = new FakeHost().startKubelet();
    const agent = await settled(host);
    let full = true;
    host.fault = (action) =>
      full && action === `write ${JOURNAL_FILE}` ? new Error('ENOSPC: no space left on device') : undefined;

    agent.setConfigMap(host.configMap(BOTH));
    await atRest();
    expect(host.files.get(ENVIRONMENT_FILE)).not.toContain('kernel.sem');
    expect(host.armed).toBeUndefined();

    full = false;
    host.advance(1000);
    await atRest();
    expect(host.annotations[KEYS.state]).toBe('Done');
  });
});
