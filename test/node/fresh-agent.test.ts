import { describe, expect, test } from 'vitest';
import { KEYS } from '../../agent/names.ts';
import { CONFIG_FILE, ENVIRONMENT_FILE, FakeHost } from '../../scripts/fakes/fake-host.ts';
import { startedAgent } from './started-agent.ts';

const POLICY = { allowedUnsafeSysctls: 'net.core.somaxconn' };
const FOREIGN = 'KUBELET_EXTRA_ARGS=--allowed-unsafe-sysctls=kernel.sem\n';
const EDITED = 'KUBELET_EXTRA_ARGS=--allowed-unsafe-sysctls=kernel.sem,kernel.msgmax\n';

/** A kubelet that runs with another party's list, of which the file has been edited since. */
function foreign(): FakeHost {
  const host = new FakeHost({ [ENVIRONMENT_FILE]: FOREIGN }).startKubelet();
  host.files.set(ENVIRONMENT_FILE, EDITED);
  return host;
}

function shown({ annotations }: FakeHost): { state: unknown; running: unknown; drift: unknown } {
  const { [KEYS.state]: state, [KEYS.running]: running, [KEYS.drift]: drift } = annotations;
  return { state, running, drift };
}

const DRIFT = /unmanaged: kernel\.sem \(.*\), kernel\.msgmax \(.*\); pending restart: \+kernel\.msgmax/u;

describe('the first report of a fresh agent shows what runs and what differs', () => {
  test.each([
    ['with mode: Observe', { ...POLICY, mode: 'Observe' }],
    ['while the policy is paused', { ...POLICY, paused: 'true' }],
    ['without a policy', undefined],
  ])('%s', async (_when, data) => {
    const host = foreign();
    await startedAgent(host, data);
    expect(shown(host)).toEqual({
      state: 'Observing',
      running: 'kernel.sem',
      drift: expect.stringMatching(DRIFT),
    });
  });

  test('where the kubelet takes no KUBELET_EXTRA_ARGS', async () => {
    const host = new FakeHost();
    host.execStart = ['/usr/bin/kubelet', '--allowed-unsafe-sysctls=kernel.sem'];
    host.startKubelet();
    host.execStart = ['/usr/bin/kubelet', '--allowed-unsafe-sysctls=kernel.sem,kernel.msgmax'];
    await startedAgent(host, POLICY);
    expect(shown(host)).toEqual({
      state: 'Unreconcilable',
      running: 'kernel.sem',
      drift: expect.stringMatching(
        /^missing: net\.core\.somaxconn; unmanaged: .*; pending restart: \+kernel\.msgmax$/u,
      ),
    });
  });

  test('where a file must be corrected first', async () => {
    const host = foreign();
    host.files.set(CONFIG_FILE, 'kind: [\n');
    await startedAgent(host, POLICY);
    expect(shown(host)).toEqual({
      state: 'Degraded',
      running: 'kernel.sem',
      drift: expect.stringMatching(DRIFT),
    });
  });

  test('of a kubelet that runs and whose unit is masked', async () => {
    const host = foreign();
    host.loadState = 'masked';
    await startedAgent(host, POLICY);
    expect(shown(host)).toMatchObject({ state: 'Blocked', running: 'kernel.sem' });
  });

  test('of a kubelet whose binary no longer takes the flag', async () => {
    const host = foreign();
    host.version = 'no version';
    await startedAgent(host, POLICY);
    expect(shown(host)).toMatchObject({ state: 'Unreconcilable', running: 'kernel.sem' });
  });
});
