import { describe, expect, test } from 'vitest';
import { KEYS, STATE_DIR } from '../../../agent/names.ts';
import type { Ending } from '../../../agent/node/ports.ts';
import { ENVIRONMENT_FILE, FakeHost } from '../../../scripts/fakes/fake-host.ts';
import { atRest, startedAgent } from '../started-agent.ts';

const POLICY = { allowedUnsafeSysctls: 'net.core.somaxconn\n' };
const BEFORE = 'KUBELET_EXTRA_ARGS=--v=3\n';
const FLAG = '--allowed-unsafe-sysctls=net.core.somaxconn';

/** The kubelet's own exit after SIGTERM. */
const CLEAN: Ending = { isByJob: false, code: 'exited', status: 0, result: 'success' };
const RESTARTED: Ending = { ...CLEAN, isByJob: true };
const signal = (status: number): Ending => ({ isByJob: false, code: 'killed', status, result: 'signal' });
const exit = (status: number): Ending => ({ ...CLEAN, status, result: 'exit-code' });

/** A node whose new kubelets end this way, a second after they were proven; systemd starts the next one after `startsAfterMs`. */
function nodeThatEnds(endings: readonly Ending[], startsAfterMs = 1000): FakeHost {
  const host = new FakeHost({ [ENVIRONMENT_FILE]: BEFORE }).startKubelet();
  const left = [...endings];
  let startsAt: number | undefined;
  let startedAt = 0;
  host.onSleep = () => {
    if (startsAt !== undefined && host.now.getTime() >= startsAt) {
      startsAt = undefined;
      startedAt = host.now.getTime();
      host.autoRestarts += 1;
      host.startKubelet();
    }
    const [next] = left;
    const isProven = host.annotations[KEYS.state] === 'Working' && host.now.getTime() - startedAt > 2000;
    if (next !== undefined && startsAt === undefined && isProven) {
      left.shift();
      startsAt = host.now.getTime() + startsAfterMs;
      host.endKubelet(next);
    }
  };
  return host;
}

function lastChange(host: FakeHost): { result?: string; why?: string } {
  const state: { history?: { result: string; why?: string }[] } = JSON.parse(
    host.files.get(`${STATE_DIR}/state.json`) ?? '{}',
  );
  return state.history?.at(-1) ?? {};
}

describe('a kubelet that another program ends while its change is proven', () => {
  test.each([
    ['exits with 0, as after systemctl kill', CLEAN],
    ['was restarted through systemd', RESTARTED],
    ['was stopped through systemd while it started', { ...exit(1), isByJob: true }],
    ['was terminated by SIGTERM before it handled it', signal(15)],
    ['was terminated by SIGKILL', signal(9)],
  ])('leaves the change in place, and the next start is proven: it %s', async (_what, ending) => {
    const host = nodeThatEnds([ending]);
    host.services = ['kubelet.service', 'kubelet-healthcheck.service', 'kubelet-sysctl-agent-undo.service'];

    await startedAgent(host, POLICY);
    await atRest();

    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(host.files.get(ENVIRONMENT_FILE)).toContain(FLAG);
    expect(host.restarts).toBe(1);
    expect(host.runningArgv?.join()).toContain('somaxconn');
    expect(host.armed).toBeUndefined();
    expect(lastChange(host)).toMatchObject({ result: 'Done' });
    expect(lastChange(host).why).toMatch(
      /^another program \(kubelet-healthcheck\.service\?\) ended the kubelet: kubelet\.service .*; the next start was proven$/u,
    );
  });

  test('is proven for the whole soak again after each of two ends', async () => {
    const host = nodeThatEnds([CLEAN, CLEAN]);
    const begun = host.now.getTime();

    await startedAgent(host, { ...POLICY, nodeSoakSeconds: '30' });
    await atRest();

    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(host.restarts).toBe(1);
    expect(host.now.getTime() - begun).toBeGreaterThan(30_000);
  });

  test('is rolled back when it is ended a third time, and the reason names the likely program', async () => {
    const host = nodeThatEnds([CLEAN, CLEAN, CLEAN]);
    host.services = ['kubelet.service', 'kubelet-monitor.service'];

    await startedAgent(host, POLICY);
    await atRest();

    expect(host.files.get(ENVIRONMENT_FILE)).toBe(BEFORE);
    expect(host.annotations[KEYS.reason]).toMatch(
      /rolled back: another program \(kubelet-monitor\.service\?\) ended the kubelet.*3 times during this change/u,
    );
  });

  test('is rolled back when its next start does not come up by its own error', async () => {
    const host = nodeThatEnds([CLEAN]);
    let starts = 0;
    host.crash = (argv) => {
      starts += argv.join().includes('somaxconn') ? 1 : 0;
      return argv.join().includes('somaxconn') && starts > 1 ? 'E run.go] "command failed"' : undefined;
    };

    await startedAgent(host, POLICY);
    host.ending = exit(1);
    await atRest();

    expect(host.files.get(ENVIRONMENT_FILE)).toBe(BEFORE);
    expect(host.annotations[KEYS.state]).toBe('Degraded');
  });

  test('is rolled back when its next start runs without the list', async () => {
    const host = nodeThatEnds([CLEAN]);
    const restart = host.onSleep;
    host.onSleep = () => {
      if (host.runningArgv === undefined) {
        host.execStart = ['/usr/bin/kubelet'];
      }
      restart();
    };

    await startedAgent(host, POLICY);
    await atRest();

    expect(host.files.get(ENVIRONMENT_FILE)).toBe(BEFORE);
    expect(lastChange(host)).toMatchObject({ result: 'RolledBack' });
  });

  test('leaves the old file and no failure when the kubelet stays stopped, and is changed once it is started', async () => {
    const host = nodeThatEnds([RESTARTED], Infinity);
    const end = host.onSleep;
    host.onSleep = () => {
      end();
      host.active = host.runningArgv !== undefined;
    };

    await startedAgent(host, POLICY);
    host.advance(1000);
    await atRest();

    expect(host.files.get(ENVIRONMENT_FILE)).toBe(BEFORE);
    expect(host.annotations[KEYS.state]).toBe('Blocked');
    expect(host.annotations[KEYS.reason]).toContain('kubelet.service is inactive/dead');
    expect(host.annotations).not.toHaveProperty([KEYS.failedRevision]);
    expect(lastChange(host)).toMatchObject({ result: 'Undone' });
    expect(host.runningArgv).toBeUndefined();
    expect(host.armed).toBeUndefined();

    host.active = true;
    host.onSleep = () => {};
    host.startKubelet();
    host.advance(5000);
    await atRest();
    expect(host.annotations[KEYS.state]).toBe('Done');
  });
});

describe('a kubelet that ends by its own error while its change is proven', () => {
  test.each([
    ['exits with 1', exit(1)],
    ['panics', exit(2)],
    ['is killed for want of memory', { ...signal(9), result: 'oom-kill' }],
    ['is killed by its watchdog', { ...signal(6), code: 'dumped', result: 'watchdog' }],
    ['has a segmentation fault', { ...signal(11), code: 'dumped', result: 'core-dump' }],
  ] satisfies [string, Ending][])('is rolled back at once: it %s', async (_what, ending) => {
    const host = nodeThatEnds([ending]);
    host.services = ['kubelet.service', 'kubelet-healthcheck.service'];

    await startedAgent(host, POLICY);
    await atRest();

    expect(host.files.get(ENVIRONMENT_FILE)).toBe(BEFORE);
    expect(host.annotations[KEYS.state]).toBe('Degraded');
    expect(host.annotations[KEYS.reason]).toContain('the kubelet did not keep running');
    expect(host.annotations[KEYS.reason]).not.toContain('healthcheck');
  });

  test('is rolled back when systemd does not know how it ended', async () => {
    const host = nodeThatEnds([CLEAN]);
    const end = host.onSleep;
    host.onSleep = () => {
      end();
      host.ending = undefined;
    };

    await startedAgent(host, POLICY);
    await atRest();

    expect(host.files.get(ENVIRONMENT_FILE)).toBe(BEFORE);
  });
});

test('a restart whose job another program replaced is proven like its own', async () => {
  const host = new FakeHost({ [ENVIRONMENT_FILE]: BEFORE }).startKubelet();
  host.restarted = () =>
    Promise.reject(new Error('systemctl try-restart exited with 1: Job for kubelet.service canceled.'));

  await startedAgent(host, POLICY);
  await atRest();

  expect(host.annotations[KEYS.state]).toBe('Done');
  expect(host.files.get(ENVIRONMENT_FILE)).toContain(FLAG);
});
