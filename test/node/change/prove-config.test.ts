import { describe, expect, test } from 'vitest';
import { KEYS } from '../../../agent/names.ts';
import { CONFIG_FILE, ENVIRONMENT_FILE, FakeHost } from '../../../scripts/fakes/fake-host.ts';
import { atRest, startedAgent } from '../started-agent.ts';

const POLICY = { allowedUnsafeSysctls: 'kernel.sem', nodeSoakSeconds: '0' };
const withList = (...names: readonly string[]): string =>
  `kind: KubeletConfiguration\nallowedUnsafeSysctls: [${names.join(', ')}]\n`;

/** A host whose config file got its list after the kubelet was started, and is edited again right before the agent's first restart. */
function hostWithLateEdit(edited: string): FakeHost {
  const host = new FakeHost().startKubelet();
  host.advance(1000);
  host.files.set(CONFIG_FILE, withList('kernel.sem', 'kernel.msgmax'));
  host.fault = (action) => {
    if (action === 'restart' && host.restarts === 0) {
      host.files.set(CONFIG_FILE, edited);
    }
    return undefined;
  };
  return host;
}

async function settled(host: FakeHost): Promise<void> {
  await startedAgent(host, POLICY);
  host.advance(1000);
  await atRest();
}

describe('a kubelet that is restarted for the list of its config file', () => {
  test('gets the flag when the file lost the list between the plan and the restart', async () => {
    const host = hostWithLateEdit(withList('kernel.msgmax'));

    await settled(host);

    expect(host.runningArgv?.join()).toContain('kernel.sem');
    expect(host.files.get(ENVIRONMENT_FILE)).toContain('kernel.sem');
    expect(host.restarts).toBe(2);
    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(host.annotations[KEYS.running]).toContain('kernel.sem');
  });

  test('is reported with the list that it read', async () => {
    const host = hostWithLateEdit(withList('kernel.sem', 'net.core.somaxconn'));

    await settled(host);

    expect(host.restarts).toBe(1);
    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(host.annotations[KEYS.running]).toBe('kernel.sem,net.core.somaxconn');
  });

  test('is restarted again when the file was written while it started: which list it read is not known', async () => {
    const host = hostWithLateEdit(withList('kernel.sem'));
    host.restarted = async () => {
      host.restarted = () => Promise.resolve();
      host.files.set(CONFIG_FILE, withList('kernel.sem', 'kernel.msgmax'));
    };

    await settled(host);

    expect(host.restarts).toBe(2);
    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(host.annotations[KEYS.running]).toBe('kernel.sem,kernel.msgmax');
  });
});
