import { describe, expect, test } from 'vitest';
import type { Agent } from '../../../agent/node/agent.ts';
import { KEYS, ROLLBACK_INCOMPLETE } from '../../../agent/names.ts';
import { ENVIRONMENT_FILE, FakeHost } from '../../../scripts/fakes/fake-host.ts';
import { atRest, startedAgent } from '../started-agent.ts';
import { WEB_POD } from '../web-pod.ts';

const POLICY = { allowedUnsafeSysctls: 'net.core.somaxconn\n' };
const BEFORE = 'KUBELET_EXTRA_ARGS=--v=3\n';

/** Calls back at the first sleep of the soak, after the node has reported the verified change. */
function inTheSoak(host: FakeHost, callback: () => void): void {
  let called = false;
  host.onSleep = () => {
    if (!called && host.annotations[KEYS.state] === 'Working') {
      called = true;
      callback();
    }
  };
}

function node(): FakeHost {
  return new FakeHost({ [ENVIRONMENT_FILE]: BEFORE }).startKubelet();
}

/** A node whose change removes kernel.sem while a pod with a sysctl that stays runs. */
async function withRemoval(): Promise<{ host: FakeHost; agent: Agent }> {
  const host = node();
  const agent = await startedAgent(host, { allowedUnsafeSysctls: 'net.core.somaxconn,kernel.sem' });
  host.pods = [{ ...WEB_POD, uid: 'uid-db', name: 'db' }];
  host.advance(5000);
  return { host, agent };
}
const LESS = { allowedUnsafeSysctls: 'net.core.somaxconn' };

const rolledBack = (host: FakeHost): string => {
  expect(host.files.get(ENVIRONMENT_FILE)).toBe(BEFORE);
  expect(host.runningArgv?.join()).not.toContain('somaxconn');
  expect(host.annotations[KEYS.state]).toBe('Degraded');
  expect(host.annotations[KEYS.drift]).toBe('missing: net.core.somaxconn');
  expect(host.armed).toBeUndefined();
  return host.annotations[KEYS.reason] ?? '';
};

describe('a verified change', () => {
  test('reports the running list at once, and is Done after the soak', async () => {
    const host = node();
    const shown: unknown[] = [];
    let from = 0;
    inTheSoak(host, () => {
      from = host.now.getTime();
      shown.push({ ...host.annotations });
    });

    await startedAgent(host, { ...POLICY, nodeSoakSeconds: '30' });

    expect(shown).toMatchObject([{ [KEYS.state]: 'Working', [KEYS.running]: 'net.core.somaxconn' }]);
    expect(shown[0]).not.toHaveProperty([KEYS.appliedRevision]);
    expect(shown[0]).not.toHaveProperty([KEYS.drift]);
    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(host.now.getTime() - from).toBeGreaterThanOrEqual(29_000);
    expect(host.now.getTime() - from).toBeLessThan(35_000);
  });

  test('keeps its rollback timer armed for longer than the whole soak', async () => {
    const host = node();
    const armed: unknown[] = [];
    inTheSoak(host, () => armed.push(host.armed));

    await startedAgent(host, { ...POLICY, nodeSoakSeconds: '30' });

    expect(armed).toEqual([270]);
    expect(host.armed).toBeUndefined();
  });

  test('is rolled back when the kubelet restarts during the soak', async () => {
    const host = node();
    inTheSoak(host, () => host.startKubelet());

    await startedAgent(host, POLICY);

    expect(rolledBack(host)).toContain('the kubelet did not keep running');
  });

  test('is rolled back when the kubelet stops answering healthz, but not for one missed answer', async () => {
    const host = node();
    const answers = [false, true, false, true];
    inTheSoak(host, () => {
      host.healthy = () => answers.shift() ?? true;
    });
    await startedAgent(host, POLICY);
    expect(host.annotations[KEYS.state]).toBe('Done');

    const other = node();
    inTheSoak(other, () => {
      other.healthy = () => !other.runningArgv?.join().includes('somaxconn');
    });
    await startedAgent(other, POLICY);
    expect(rolledBack(other)).toContain('the kubelet stopped being healthy');
  });

  test('is rolled back when the node stays NotReady after it', async () => {
    const host = node();
    inTheSoak(host, () => {
      host.readiness = { ready: false, since: host.now, message: 'container runtime is down' };
    });

    await startedAgent(host, POLICY);

    expect(rolledBack(host)).toMatch(/left the node not Ready \(container runtime is down\)/u);
  });

  test('is kept on a node that was NotReady before it', async () => {
    const host = node();
    host.readiness = { ready: false, since: new Date(host.now.getTime() - 60_000), message: 'no network' };

    await startedAgent(host, POLICY);

    expect(host.annotations[KEYS.state]).toBe('Done');
  });

  test('is kept when the node is NotReady for a moment', async () => {
    const host = node();
    inTheSoak(host, () => {
      const blip = host.now;
      host.readiness = { ready: false, since: blip, message: 'starting' };
      host.onSleep = () => {
        if (host.now.getTime() - blip.getTime() > 25_000) {
          host.readiness = { ready: true, since: host.now, message: '' };
        }
      };
    });

    await startedAgent(host, POLICY);

    expect(host.annotations[KEYS.state]).toBe('Done');
  });

  test('is watched for the whole soak when the clock is set back during it', async () => {
    const host = node();
    inTheSoak(host, () => {
      host.now = new Date(host.now.getTime() - 3_600_000);
      host.clockSetBy -= 3_600_000;
    });
    const begun = host.now.getTime();

    await startedAgent(host, POLICY);

    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(host.now.getTime() - host.clockSetBy - begun).toBeLessThan(20_000);
  });
});

describe('a pod that lived before the restart', () => {
  const db = {
    uid: 'uid-db',
    namespace: 'shop',
    name: 'db',
    isEnding: false,
    phase: 'Running',
    reason: '',
    hasContainers: true,
    hadContainers: true,
  };
  /** As the API server has it until the kubelet has stopped its containers. */
  const refused = { ...db, hasContainers: false };

  test('rolls a change that removes allowances back at once when it uses sysctls and the new kubelet refuses it', async () => {
    const { host, agent } = await withRemoval();
    let from = 0;
    inTheSoak(host, () => {
      from = host.now.getTime();
      host.seenPods.push(refused);
    });

    agent.setConfigMap(host.configMap({ ...LESS, nodeSoakSeconds: '60' }));
    await atRest();

    expect(host.annotations[KEYS.state]).toBe('Degraded');
    expect(host.annotations[KEYS.reason]).toContain(
      'the new kubelet refused a pod that ran: shop/db; kubectl describe pod',
    );
    expect(host.now.getTime() - from).toBeLessThan(5000);
  });

  test('rolls any change back when the new kubelet refused it for its sysctls', async () => {
    const host = node();
    inTheSoak(host, () => host.seenPods.push({ ...db, phase: 'Failed', reason: 'SysctlForbidden' }));

    await startedAgent(host, POLICY);

    expect(rolledBack(host)).toContain('refused a pod that ran: shop/db (SysctlForbidden)');
  });

  test.each(['UnexpectedAdmissionError', 'NodeAffinity', 'OutOfcpu', 'OutOfpods', 'Reason of 1.40'])(
    'is reported once, and the change is kept and not tried again, when the new kubelet refused it for %s',
    async (reason) => {
      const host = node();
      inTheSoak(host, () => {
        host.seenPods.push(refused);
        host.onSleep = () => host.seenPods.splice(0, 1, { ...db, phase: 'Failed', reason });
      });

      const agent = await startedAgent(host, POLICY);

      expect(host.annotations[KEYS.state]).toBe('Done');
      expect(host.files.get(ENVIRONMENT_FILE)).toContain('--allowed-unsafe-sysctls=net.core.somaxconn');
      expect(host.annotations[KEYS.reason]).toContain(
        `During the last change the restarted kubelet refused a pod that ran: shop/db (${reason}), for reasons that have nothing to do with sysctls`,
      );
      const events = (): readonly string[] => host.actions.filter((action) => action.startsWith('event'));
      expect(events()).toEqual(['event NodeDone']);
      const patches = host.actions.length;

      for (let times = 0; times < 20; times += 1) {
        agent.setNode(host.node());
        agent.hostChanged();
        host.advance(120_000);
        await atRest();
      }
      expect(host.restarts).toBe(1);
      expect(host.actions.slice(patches)).toEqual([]);
    },
  );

  test('does not roll a removal back when it has no sysctls', async () => {
    const { host, agent } = await withRemoval();
    inTheSoak(host, () => host.seenPods.push({ ...refused, uid: 'uid-gpu', name: 'gpu' }));

    agent.setConfigMap(host.configMap(LESS));
    await atRest();

    expect(host.annotations).toMatchObject({ [KEYS.state]: 'Done', [KEYS.running]: 'net.core.somaxconn' });
    expect(host.annotations[KEYS.reason]).toContain('refused a pod that ran: shop/gpu,');
  });

  test.each(['', 'Evicted', 'DeadlineExceeded', 'Terminated'])(
    'does not roll the change back when it failed for another reason (%s)',
    async (reason) => {
      const host = node();
      inTheSoak(host, () => host.seenPods.push({ ...db, phase: 'Failed', reason }));

      await startedAgent(host, POLICY);

      expect(host.annotations[KEYS.state]).toBe('Done');
    },
  );

  test('does not roll the change back when it still runs or was deleted', async () => {
    const host = node();
    inTheSoak(host, () => host.seenPods.push(db, { ...refused, uid: 'uid-web', isEnding: true }));

    await startedAgent(host, POLICY);

    expect(host.annotations[KEYS.state]).toBe('Done');
  });

  test('is told apart from pods that never ran and are refused repeatedly', async () => {
    const host = node();
    const never = { hadContainers: false };
    host.seenPods.push(
      { ...db, ...never, phase: 'Failed', reason: 'SysctlForbidden' },
      { ...refused, ...never, uid: 'uid-new' },
    );

    await startedAgent(host, POLICY);

    expect(host.annotations[KEYS.state]).toBe('Done');
  });

  test('is watched from the restart until the node is Done', async () => {
    const host = node();
    const ended = Promise.withResolvers<void>();
    host.restarted = () => ended.promise;
    void startedAgent(host, POLICY);
    await atRest();
    expect([host.restarts, host.podWatches]).toEqual([1, { begun: 1, open: 1 }]);

    ended.resolve();
    await atRest();
    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(host.podWatches).toEqual({ begun: 1, open: 0 });
  });

  test('is no longer watched when the new kubelet fails, and never without a soak', async () => {
    const host = node();
    host.crash = (argv) => (argv.join().includes('somaxconn') ? 'E run.go] "no"' : undefined);
    await startedAgent(host, POLICY);
    expect(host.podWatches).toEqual({ begun: 1, open: 0 });

    const other = node();
    await startedAgent(other, { ...POLICY, nodeSoakSeconds: '0' });
    expect(other.annotations[KEYS.state]).toBe('Done');
    expect(other.podWatches.begun).toBe(0);
  });

  test('does not roll the change back when inUse: Proceed ends it', async () => {
    const host = node();
    await startedAgent(host, { allowedUnsafeSysctls: 'net.core.somaxconn,kernel.sem' }).then((agent) =>
      agent.stop(),
    );
    host.pods = [{ ...WEB_POD, uid: 'uid-db', name: 'db' }];
    inTheSoak(host, () => host.seenPods.push(refused));

    await startedAgent(host, { allowedUnsafeSysctls: 'kernel.sem', inUse: 'Proceed' });
    await atRest();

    expect(host.seenPods).toHaveLength(1);
    expect(host.annotations).toMatchObject({ [KEYS.state]: 'Done', [KEYS.running]: 'kernel.sem' });
  });
});

describe('a kubelet that fails permanently', () => {
  test('is started again with the old bytes when systemd no longer restarts it', async () => {
    const host = node();
    host.crash = (argv) => (argv.join().includes('somaxconn') ? 'E run.go] "no"' : undefined);
    host.givesUp = true;

    await startedAgent(host, POLICY);

    rolledBack(host);
    expect(host.actions).toContain('start failed');
    expect(host.runningArgv).toContain('--v=3');
  });

  test('is not reported as rolled back when it does not report its node with the old bytes either', async () => {
    const host = node();
    host.reports = false;
    host.crash = (argv) => (argv.join().includes('somaxconn') ? 'E run.go] "no"' : undefined);
    host.advance(1000);

    await startedAgent(host, POLICY);

    expect(host.files.get(ENVIRONMENT_FILE)).toBe(BEFORE);
    expect(host.annotations[KEYS.reason]).toContain(
      'Rolled back, and still: the kubelet did not report its node to the API server',
    );
  });

  test('has a reason with the manual fix when it fails with the old bytes too', async () => {
    const host = node();
    host.crash = () =>
      'E1124 02:00:00.000000 1 run.go:72] "command failed" err="failed to run Kubelet: no disk"';

    await startedAgent(host, POLICY);

    expect(host.files.get(ENVIRONMENT_FILE)).toBe(BEFORE);
    expect(host.annotations[KEYS.state]).toBe('Degraded');
    expect(host.annotations[KEYS.reason]).toMatch(
      /could not be rolled back.*no disk.*\/etc\/default\/kubelet no longer holds the change, and the kubelet is not healthy without it either: the list is not the cause.*journalctl -u kubelet\.service.*systemctl restart kubelet\.service/su,
    );
    expect(host.annotations[KEYS.reasonCode]).toBe(ROLLBACK_INCOMPLETE);
  });
});

describe('a kubelet that is not healthy again after any restart', () => {
  test('is reported within the time of the change as not because of the list, and the node is Done once it is repaired', async () => {
    const host = node();
    let isBroken = false;
    host.restarted = async () => {
      isBroken = true;
    };
    host.healthy = () => !isBroken;
    const begun = host.now.getTime();

    const agent = await startedAgent(host, POLICY);

    expect(host.annotations[KEYS.reason]).toMatch(
      /did not become healthy.*Rolled back, and still.*the list is not the cause/su,
    );
    expect(host.files.get(ENVIRONMENT_FILE)).toBe(BEFORE);
    expect(host.now.getTime() - begun).toBeLessThan(200_000);

    isBroken = false;
    host.restarted = () => Promise.resolve();
    host.files.set(ENVIRONMENT_FILE, 'KUBELET_EXTRA_ARGS=--allowed-unsafe-sysctls=net.core.somaxconn\n');
    host.startKubelet();
    agent.hostChanged();
    host.advance(1000);
    await atRest();
    host.advance(11_000);
    await atRest();
    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(host.annotations).not.toHaveProperty([KEYS.failedRevision]);
  });
});

describe('old bytes that cannot be restored', () => {
  test('are saved and named in the reason, with the timer armed, and restored as soon as possible', async () => {
    const host = node();
    host.crash = (argv) => (argv.join().includes('somaxconn') ? 'E run.go] "no"' : undefined);
    let readOnly = true;
    host.fault = (action) =>
      readOnly && action === `write ${ENVIRONMENT_FILE}` && host.restarts > 0
        ? new Error('EROFS: read-only file system')
        : undefined;

    await startedAgent(host, POLICY);

    expect(host.annotations[KEYS.state]).toBe('Degraded');
    expect(host.annotations[KEYS.reason]).toMatch(
      /EROFS.*The agent retries.*cp \/var\/lib\/kubelet-sysctl-agent\/backup \/etc\/default\/kubelet, then systemctl restart/su,
    );
    expect(host.files.get('/var/lib/kubelet-sysctl-agent/backup')).toBe(BEFORE);
    expect(host.armed).toBeDefined();

    readOnly = false;
    host.advance(5000);
    await atRest();
    rolledBack(host);
  });
});
