import { describe, expect, test } from 'vitest';
import type { LeaseWatch, UnitStatus } from '../../agent/node/ports.ts';
import { LEASE_TIMEOUT_MS, proveKubelet, type Proof } from '../../agent/node/prove.ts';

const BEFORE = 'a'.repeat(32);
const NEW = 'b'.repeat(32);
const ANOTHER = 'c'.repeat(32);
const PID = 4711;
const ARGV = ['/usr/bin/kubelet', '--allowed-unsafe-sysctls=net.core.somaxconn'];

/** A kubelet that was just restarted, and what it does next. Time passes at once. */
class Restarted {
  now = 0;
  /** What systemd says, one answer a question; the last one stays. */
  statuses: Partial<UnitStatus>[] = [{ mainPid: PID, invocationId: NEW }];
  /** From when on healthz answers, in ms. */
  healthyAt = 300;
  leaseRenewedAt = 320;
  /** When systemd started it, after it had ended the old one. */
  startedAt = 75;
  /** From when on the process is gone, in ms. */
  endsAt = Number.POSITIVE_INFINITY;
  /** What the process says of itself. */
  invocation: string | undefined = NEW;
  /** From when on nothing can be asked, in ms. */
  apiServerGoneAt = Number.POSITIVE_INFINITY;
  asked = { status: 0 };
  /** When the lease was followed from, and whether it still is. */
  lease: { from: number; followed: boolean } | undefined;

  prove(accepts: (argv: readonly string[]) => boolean = () => true): Promise<Proof> {
    const lives = (pid: number): boolean => pid === PID && this.now < this.endsAt;
    return proveKubelet(
      {
        systemd: {
          status: async () => this.#status(),
          version: async () => 252,
          services: async () => [],
          tryRestart: async () => {},
          startFailed: async () => {},
          journal: async () => [
            'E0102 03:04:05.678901    4711 run.go:72] "command failed" err="no such sysctl"',
          ],
        },
        processes: {
          argv: async (pid) => (lives(pid) ? ARGV : undefined),
          environment: async (pid, name) =>
            lives(pid) && name === 'INVOCATION_ID' ? this.invocation : undefined,
          kubeletVersion: async () => 'Kubernetes v1.37.2',
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
        cluster: {
          watchLease: () => this.#watchLease(),
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

  #watchLease(): LeaseWatch {
    const lease = { from: this.now, followed: true };
    this.lease = lease;
    return {
      isFollowed: () => this.now < this.apiServerGoneAt,
      renewed: async (counts, waitMs) => {
        const end = this.now + waitMs;
        const at = this.apiServerGoneAt > 0 ? this.leaseRenewedAt : Number.POSITIVE_INFINITY;
        this.now = Math.min(Math.max(this.now, at), end);
        return counts(new Date(this.now >= at ? at : -10_000));
      },
      stop: () => {
        lease.followed = false;
      },
    };
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
      startedMs: this.startedAt,
      invocationId: '',
      restarts: 0,
      execStart: [],
      environment: [],
      environmentFiles: [],
      fragmentPath: '',
      dropInPaths: [],
      ...answer,
    };
  }
}

function whyNot(proof: Proof): string {
  return proof.ok ? 'proven' : proof.why;
}

describe('a restarted kubelet', () => {
  test('is proven by healthz, its argv, its lease and its own word that it is this start of the unit', async () => {
    const kubelet = new Restarted();

    const proof = await kubelet.prove();

    expect(proof).toMatchObject({ ok: true, argv: ARGV, status: { mainPid: PID, invocationId: NEW } });
    expect(kubelet.now).toBeGreaterThanOrEqual(320);
    expect(kubelet.now).toBeLessThan(350);
    expect(kubelet.asked.status).toBe(1);
  });

  test('that does not tell its start is proven by systemd', async () => {
    const kubelet = new Restarted();
    kubelet.invocation = undefined;

    expect(await kubelet.prove()).toMatchObject({ ok: true });
    expect(kubelet.asked.status).toBe(2);
  });

  test('that systemd started once more since is not proven', async () => {
    const kubelet = new Restarted();
    kubelet.endsAt = 320;
    kubelet.statuses = [
      { mainPid: PID, invocationId: NEW },
      { mainPid: PID + 1, invocationId: ANOTHER },
    ];

    expect(whyNot(await kubelet.prove())).toContain('did not stay');
  });

  test('whose id was given to another start of the unit is not proven', async () => {
    const kubelet = new Restarted();
    kubelet.invocation = ANOTHER;
    kubelet.statuses = [
      { mainPid: PID, invocationId: NEW },
      { mainPid: PID, invocationId: ANOTHER },
    ];

    expect(whyNot(await kubelet.prove())).toContain('did not stay');
  });

  test('that ends before it is healthy is not proven, and its own error line says why', async () => {
    const kubelet = new Restarted();
    kubelet.endsAt = 100;

    const why = whyNot(await kubelet.prove());

    expect(why).toContain('did not become healthy');
    expect(why).toContain('no such sysctl');
    expect(kubelet.now).toBeLessThan(200);
  });

  test('that is still the old one is not proven', async () => {
    const kubelet = new Restarted();
    kubelet.statuses = [{ mainPid: PID, invocationId: BEFORE }];

    expect(whyNot(await kubelet.prove())).toContain('did not start');
  });

  test('that runs without the list is not proven', async () => {
    expect(whyNot(await new Restarted().prove((argv) => argv.length > 2))).toContain(
      'without the expected list',
    );
  });

  test('whose lease stays old is not proven', async () => {
    const kubelet = new Restarted();
    kubelet.leaseRenewedAt = Number.POSITIVE_INFINITY;

    expect(whyNot(await kubelet.prove())).toContain("did not renew the node's lease");
    expect(kubelet.now).toBe(300 + LEASE_TIMEOUT_MS);
  });

  test('whose lease only its predecessor renewed, while it was being ended, is not proven', async () => {
    const kubelet = new Restarted();
    kubelet.leaseRenewedAt = kubelet.startedAt - 25;

    expect(whyNot(await kubelet.prove())).toContain("did not renew the node's lease");
  });

  test('may renew its lease late', async () => {
    const kubelet = new Restarted();
    kubelet.leaseRenewedAt = 40_000;

    expect(await kubelet.prove()).toMatchObject({ ok: true });
  });

  test('is proven without a lease when the API server does not answer: that is no fault of its own', async () => {
    const kubelet = new Restarted();
    kubelet.apiServerGoneAt = 0;

    expect(await kubelet.prove()).toMatchObject({ ok: true });
    expect(kubelet.now).toBe(300 + 10_000);
  });

  test('is proven without a lease when the API server goes while it is waited for', async () => {
    const kubelet = new Restarted();
    kubelet.leaseRenewedAt = Number.POSITIVE_INFINITY;
    kubelet.apiServerGoneAt = 20_000;

    expect(await kubelet.prove()).toMatchObject({ ok: true });
  });

  test('has its lease followed from its start on, and no longer than its proof takes', async () => {
    const kubelet = new Restarted();
    expect(await kubelet.prove()).toMatchObject({ ok: true });
    expect(kubelet.lease).toEqual({ from: 0, followed: false });

    const other = new Restarted();
    other.endsAt = 100;
    expect(await other.prove()).toMatchObject({ ok: false });
    expect(other.lease).toEqual({ from: 0, followed: false });
  });
});
