import { describe, expect, test } from 'vitest';
import { KEYS } from '../../../agent/names.ts';
import { ENVIRONMENT_FILE, FakeHost } from '../../../scripts/fakes/fake-host.ts';
import { startedAgent } from '../started-agent.ts';

const POLICY = { allowedUnsafeSysctls: 'net.core.somaxconn', nodeSoakSeconds: '0' };
const BEFORE = 'KUBELET_EXTRA_ARGS=--v=3\n';
const refusesList = (argv: readonly string[]): string | undefined =>
  argv.join().includes('somaxconn') ? 'E run.go:72] "command failed" err="no such list"' : undefined;

describe('a kubelet whose unit has a start limit', () => {
  test('runs with the list when the restart of the change is one start too many', async () => {
    const host = new FakeHost({ [ENVIRONMENT_FILE]: BEFORE }).startKubelet();
    host.startsLeft = 0;

    await startedAgent(host, POLICY);

    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(host.runningArgv?.at(-1)).toBe('--allowed-unsafe-sysctls=net.core.somaxconn');
  });

  test.each([
    [
      'when the restart of the rollback is one start too many',
      (host: FakeHost) => {
        host.startsLeft = 1;
      },
    ],
    [
      'when the unit has failed before the rollback observes it',
      (host: FakeHost) => {
        host.givesUp = true;
      },
    ],
    [
      'when the unit fails after the rollback has observed it and before its restart',
      (host: FakeHost) => {
        host.fault = (action) => {
          host.givesUp ||= action === 'restart' && host.restarts === 1;
          return undefined;
        };
      },
    ],
  ])('runs again with the old arguments after a rollback, %s', async (_when, limit) => {
    const host = new FakeHost({ [ENVIRONMENT_FILE]: BEFORE }).startKubelet();
    host.crash = refusesList;
    limit(host);

    await startedAgent(host, POLICY);

    expect(host.runningArgv?.at(-1)).toBe('--v=3');
    expect(host.annotations[KEYS.state]).toBe('Degraded');
    expect(host.annotations[KEYS.reason]).toContain('and was rolled back');
    expect(host.files.get(ENVIRONMENT_FILE)).toBe(BEFORE);
  });
});
