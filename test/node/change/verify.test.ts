import { describe, expect, test } from 'vitest';
import type { UnitStatus } from '../../../agent/node/ports.ts';
import { verifyKubelet, type Verification } from '../../../agent/node/change/verify.ts';

const BEFORE = 'a'.repeat(32);
const NEW = 'b'.repeat(32);
const ANOTHER = 'c'.repeat(32);
const PID = 4711;
const ARGV = ['/usr/bin/kubelet', '--allowed-unsafe-sysctls=net.core.somaxconn'];

/** A kubelet that was just restarted, and what it does next, in simulated time. */
class Restarted {
  now = 0;
  /** systemd's answers, one for each query; the last one stays. */
  statuses: Partial<UnitStatus>[] = [{ mainPid: PID, invocationId: NEW }];
  /** When healthz begins to answer, in ms. */
  healthyAt = 300;
  /** When the process ends, in ms. */
  endsAt = Number.POSITIVE_INFINITY;
  /** INVOCATION_ID of the process. */
  invocation: string | undefined = NEW;
  asked = { status: 0 };

  verify(accepts: (argv: readonly string[]) => boolean = () => true): Promise<Verification> {
    const lives = (pid: number): boolean => pid === PID && this.now < this.endsAt;
    return verifyKubelet(
      {
        systemd: {
          status: async () => this.#status(),
          version: async () => 252,
          services: async () => [],
          tryRestart: async () => {},
          startFailed: async () => {},
          ending: async () => undefined,
          journal: async () => [
            'E0102 03:04:05.678901    4711 run.go:72] "command failed" err="no such sysctl"',
          ],
        },
        processes: {
          argv: async (pid) => (lives(pid) ? ARGV : undefined),
          environment: async (pid, name) =>
            lives(pid) && name === 'INVOCATION_ID' ? this.invocation : undefined,
          programAt: async () => undefined,
          programOf: async () => undefined,
          kubeletVersion: async () => undefined,
          confinement: async () => undefined,
          kernelRelease: async () => '6.1.0',
        },
        health: { ok: async () => this.now >= this.healthyAt },
        clock: {
          now: () => new Date(this.now),
          monotonicMs: () => this.now,
          sleep: async (ms) => {
            this.now += ms;
          },
          after: () => () => {},
        },
      },
      {
        unit: 'kubelet.service',
        previousInvocation: BEFORE,
        healthz: { address: '127.0.0.1', port: 10_248 },
        accepts,
      },
    );
  }

  #status(): UnitStatus {
    const answer = this.statuses[Math.min(this.asked.status, this.statuses.length - 1)];
    this.asked.status += 1;
    return {
      name: 'kubelet.service',
      loadState: 'loaded',
      activeState: 'active',
      subState: 'running',
      result: 'success',
      mainPid: 0,
      lastPid: 0,
      startedMs: 75,
      invocationId: '',
      restarts: 0,
      execStart: [],
      environment: [],
      environmentFiles: [],
      fragmentPath: '',
      execStarts: 1,
      needsReload: false,
      stateSinceMs: 0,
      dropInPaths: [],
      ...answer,
    };
  }
}

function whyNot(proof: Verification): string {
  return proof.ok ? 'verified' : proof.why;
}

describe('a restarted kubelet', () => {
  test('is verified by healthz, its argv and its INVOCATION_ID', async () => {
    const kubelet = new Restarted();

    const proof = await kubelet.verify();

    expect(proof).toMatchObject({ ok: true, argv: ARGV, status: { mainPid: PID, invocationId: NEW } });
    expect(kubelet.now).toBe(300);
    expect(kubelet.asked.status).toBe(1);
  });

  test('is verified by systemd when it has no INVOCATION_ID', async () => {
    const kubelet = new Restarted();
    kubelet.invocation = undefined;

    expect(await kubelet.verify()).toMatchObject({ ok: true });
    expect(kubelet.asked.status).toBe(2);
  });

  test('is not verified when systemd has started it again since', async () => {
    const kubelet = new Restarted();
    kubelet.invocation = undefined;
    kubelet.statuses = [
      { mainPid: PID, invocationId: NEW },
      { mainPid: PID + 1, invocationId: ANOTHER },
    ];

    expect(whyNot(await kubelet.verify())).toContain('did not keep running');
  });

  test('is not verified when its process id belongs to another start of the unit', async () => {
    const kubelet = new Restarted();
    kubelet.invocation = ANOTHER;
    kubelet.statuses = [
      { mainPid: PID, invocationId: NEW },
      { mainPid: PID, invocationId: ANOTHER },
    ];

    expect(whyNot(await kubelet.verify())).toContain('did not keep running');
  });

  test('is not verified when it ends before it is healthy, and its own error line says why', async () => {
    const kubelet = new Restarted();
    kubelet.endsAt = 100;

    const why = whyNot(await kubelet.verify());

    expect(why).toContain('did not become healthy');
    expect(why).toContain('no such sysctl');
    expect(kubelet.now).toBeLessThan(200);
  });

  test('is not verified while it is still the old process', async () => {
    const kubelet = new Restarted();
    kubelet.statuses = [{ mainPid: PID, invocationId: BEFORE }];

    expect(whyNot(await kubelet.verify())).toContain('did not start');
  });

  test('is not verified when it runs without the list', async () => {
    expect(whyNot(await new Restarted().verify((argv) => argv.length > 2))).toContain(
      'without the expected list',
    );
  });
});
