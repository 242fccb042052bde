import { describe, expect, test } from 'vitest';
import { KEYS } from '../../agent/names.ts';
import { ENVIRONMENT_FILE, FakeHost } from '../../scripts/fakes/fake-host.ts';
import { startedAgent } from './started-agent.ts';

const POLICY = { allowedUnsafeSysctls: 'net.core.somaxconn\n', nodeSoakSeconds: '10' };
const HOUR_MS = 3_600_000;
/** About the number of sleeps of a change: one for each second of the soak. */
const SLEEPS = 10;

function set(host: FakeHost, byMs: number): void {
  host.now = new Date(host.now.getTime() + byMs);
  host.clockSetBy += byMs;
}

describe.each([-HOUR_MS, HOUR_MS])('a clock that is set by %d ms', (byMs) => {
  test.each(Array.from({ length: SLEEPS }, (_, index) => index))(
    'at sleep %d of a change does not affect its result or its duration',
    async (at) => {
      const host = new FakeHost({ [ENVIRONMENT_FILE]: 'KUBELET_EXTRA_ARGS=--v=3\n' }).startKubelet();
      let sleeps = 0;
      host.onSleep = () => {
        if (sleeps === at) set(host, byMs);
        sleeps += 1;
      };
      const begun = host.now.getTime();

      await startedAgent(host, POLICY);

      expect(sleeps).toBeGreaterThan(at);
      expect(host.annotations[KEYS.state]).toBe('Done');
      expect(host.restarts).toBe(1);
      const took = host.now.getTime() - host.clockSetBy - begun;
      expect(took).toBeGreaterThanOrEqual(10_000);
      expect(took).toBeLessThan(30_000);
    },
  );

  test('during the restart does not affect the result of the change', async () => {
    const host = new FakeHost({ [ENVIRONMENT_FILE]: 'KUBELET_EXTRA_ARGS=--v=3\n' }).startKubelet();
    host.restarted = async () => set(host, byMs);

    await startedAgent(host, POLICY);

    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(host.restarts).toBe(1);
  });
});
