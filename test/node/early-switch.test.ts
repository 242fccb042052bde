import { describe, expect, test } from 'vitest';
import { earlySwitch } from '../../agent/node/early-switch.ts';
import type { Agent } from '../../agent/node/agent.ts';
import { KEYS } from '../../agent/report/keys.ts';
import { ENVIRONMENT_FILE, FakeHost } from './fake-host.ts';
import { atRest, startedAgent } from './started-agent.ts';

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

describe('the undo switch of a change that is to be expected', () => {
  test('is armed once, while the node is still being looked at', async () => {
    const host = new FakeHost().startKubelet();
    const agent = await settled(host);
    const answer = Promise.withResolvers<void>();
    host.systemdAnswers = () => answer.promise;

    agent.setConfigMap(host.configMap(BOTH));
    await atRest();
    expect(host.actions).toEqual(['arm']);
    expect(host.files.get(ENVIRONMENT_FILE)).not.toContain('kernel.sem');

    answer.resolve();
    await atRest();
    expect(host.actions.filter((action) => action === 'arm')).toHaveLength(1);
    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(host.armed).toBeUndefined();
  });

  test('is taken back when the look shows that nothing is to be changed', async () => {
    const host = new FakeHost().startKubelet();
    const agent = await settled(host);
    host.active = false;

    agent.setConfigMap(host.configMap(BOTH));
    await atRest();

    expect(host.actions.filter((action) => !action.includes(' '))).toEqual(['arm', 'disarm']);
    expect(host.annotations[KEYS.state]).toBe('Blocked');
    expect(host.armed).toBeUndefined();
  });

  test('is not armed early for a restart that a pod may hold up', async () => {
    const host = new FakeHost().startKubelet();
    const agent = await settled(host);
    host.pods = [
      {
        uid: 'uid-web',
        namespace: 'shop',
        name: 'web',
        phase: 'Running',
        taken: true,
        sysctls: ['net.core.somaxconn'],
        hostNetwork: false,
        hostIpc: false,
      },
    ];

    agent.setConfigMap(host.configMap({ allowedUnsafeSysctls: 'kernel.sem' }));
    await atRest();

    expect(host.annotations[KEYS.state]).toBe('Blocked');
    expect(host.actions).not.toContain('arm');
  });
});

describe('earlySwitch', () => {
  test('fails the change that takes over what could not be armed, and arms anew for another one', async () => {
    const seen: string[] = [];
    const early = earlySwitch({
      arm: async (_unit, file) => {
        seen.push(file);
        if (file === '/full') {
          throw new Error('ENOSPC');
        }
      },
      disarm: async () => {},
      undoing: async () => false,
    });

    early.expect('kubelet.service', '/full', 250);
    early.expect('kubelet.service', '/full', 250);
    await expect(early.arm('kubelet.service', '/full', 250)).rejects.toThrow('ENOSPC');
    early.expect('kubelet.service', '/full', 250);
    await early.arm('kubelet.service', '/other', 250);

    expect(seen).toEqual(['/full', '/full', '/other']);
  });
});
