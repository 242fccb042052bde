import { describe, expect, test } from 'vitest';
import { JOURNAL_FILE, UNDONE_FILES } from '../../../agent/node/state/state-store.ts';
import { KEYS } from '../../../agent/names.ts';
import { ENVIRONMENT_FILE, FakeHost } from '../../../scripts/fakes/fake-host.ts';
import { atRest, startedAgent } from '../started-agent.ts';
import { WEB_POD } from '../web-pod.ts';

const POLICY = { allowedUnsafeSysctls: 'net.core.somaxconn', nodeSoakSeconds: '0' };

/** A node on which the list of pods before a restart that removes an allowance takes `listMs`. */
async function withSlowPods(listMs: number, meanwhile: (host: FakeHost) => void): Promise<FakeHost> {
  const host = new FakeHost({
    [ENVIRONMENT_FILE]: 'KUBELET_EXTRA_ARGS=--allowed-unsafe-sysctls=kernel.msgmax\n',
  }).startKubelet();
  host.fault = (action) => {
    if (action === 'pods' && host.podLooks.at(-1) === true) {
      host.now = new Date(host.now.getTime() + listMs);
      meanwhile(host);
    }
    return undefined;
  };
  const agent = await startedAgent(host, { ...POLICY, unmanaged: 'Remove' });
  await agent.stop();
  return host;
}

describe('arming a change', () => {
  test.each([`write ${JOURNAL_FILE}`, 'arm'])(
    'leaves no journal, no timer and the old file when its part "%s" fails',
    async (part) => {
      const host = new FakeHost().startKubelet();
      host.fault = (action) => (action === part ? new Error('EROFS: read-only file system') : undefined);

      await startedAgent(host, POLICY);

      expect(host.files.has(JOURNAL_FILE)).toBe(false);
      expect(host.files.has(ENVIRONMENT_FILE)).toBe(false);
      expect(host.armed).toBeUndefined();
      expect(host.restarts).toBe(0);
    },
  );
});

describe('the restart of a change', () => {
  test('is not made when the rollback timer has expired, since the host undoes the change', async () => {
    const host = await withSlowPods(300_000, ({ files }) => {
      const journal = files.get(JOURNAL_FILE);
      if (journal !== undefined) {
        files.delete(JOURNAL_FILE);
        files.set(UNDONE_FILES.timer, journal);
      }
    });

    expect(host.restarts).toBe(0);
    expect(host.files.has(JOURNAL_FILE)).toBe(false);
  });

  test('restarts the timer first when listing the pods took long', async () => {
    const host = await withSlowPods(100_000, () => {});

    expect(host.restarts).toBe(1);
    expect(
      host.actions.slice(0, host.actions.indexOf('restart')).filter((action) => action === 'arm'),
    ).toHaveLength(2);
    expect(host.annotations[KEYS.state]).toBe('Done');
  });

  test('restarts the timer first when arming took long: the timer may have been started at its beginning', async () => {
    const host = new FakeHost().startKubelet();
    host.fault = (action) => {
      if (action === 'arm' && host.armed === undefined) {
        host.now = new Date(host.now.getTime() + 100_000);
      }
      return undefined;
    };

    await startedAgent(host, POLICY);

    expect(host.actions.filter((action) => action === 'arm' || action === 'restart')).toEqual([
      'arm',
      'arm',
      'restart',
    ]);
    expect(host.annotations[KEYS.state]).toBe('Done');
  });
});

test('a kubelet whose running list is unknown is restarted only when no pod would end', async () => {
  const host = new FakeHost().startKubelet();
  host.advance(1000);
  host.files.set('/var/lib/kubelet/config.yaml', 'allowedUnsafeSysctls: [kernel.sem]\n');
  host.pods = [WEB_POD];

  await startedAgent(host, { allowedUnsafeSysctls: 'kernel.sem', nodeSoakSeconds: '0' });
  expect(host.restarts).toBe(0);
  expect(host.annotations[KEYS.state]).toBe('Blocked');

  host.pods = [];
  host.advance(7000);
  await atRest();
  expect(host.restarts).toBe(1);
  expect(host.annotations[KEYS.state]).toBe('Done');
});
