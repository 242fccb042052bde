import { describe, expect, test } from 'vitest';
import type { Readiness } from '../../../agent/node/ports.ts';
import { checkNodeReady } from '../../../agent/node/change/node-ready.ts';
import { FakeHost } from '../../../scripts/fakes/fake-host.ts';

const START = new Date('2026-11-24T10:00:00.700Z');
const HOUR_MS = 3_600_000;

/** A kubelet that was started at START, on a host with simulated time. */
class Started {
  readonly host = new FakeHost();
  asked = 0;
  /** What the watch has reported. */
  reportedByWatch: Readiness | undefined;
  /** What the API server returns at an instant. */
  readonly #answer: (now: Date) => Partial<Readiness> | undefined;

  constructor(answer: (now: Date) => Partial<Readiness> | undefined) {
    this.#answer = answer;
    this.host.now = START;
    this.host.startKubelet();
  }

  async fault(): Promise<string | undefined> {
    const { systemd, clock } = this.host.ports();
    const readiness = async (): Promise<Readiness | undefined> => {
      this.asked += 1;
      const found = this.#answer(this.host.now);
      return found && { ready: true, since: new Date(0), reported: new Date(0), message: '', ...found };
    };
    const seenReadiness = (): Readiness | undefined => this.reportedByWatch;
    const started = await systemd.status('kubelet.service');
    return checkNodeReady({ systemd, clock, cluster: { seenReadiness, readiness } }, started, START);
  }

  get tookMs(): number {
    return this.host.now.getTime() - START.getTime();
  }
}

describe('a restarted kubelet', () => {
  test('has no fault after one query when it reported its node, also in the second of its start', async () => {
    const kubelet = new Started(() => ({ reported: new Date('2026-11-24T10:00:00Z') }));

    expect(await kubelet.fault()).toBeUndefined();
    expect(kubelet.asked).toBe(1);
  });

  test('needs no query when the watch has reported it as Ready since its start', async () => {
    const kubelet = new Started(() => undefined);
    kubelet.reportedByWatch = { ready: true, since: new Date(0), reported: START, message: '' };

    expect(await kubelet.fault()).toBeUndefined();
    expect(kubelet.asked).toBe(0);
  });

  test('needs no query when the watch reports it as Ready a moment later', async () => {
    const kubelet = new Started(() => ({}));
    kubelet.host.onSleep = () => {
      if (kubelet.tookMs > 2000)
        kubelet.reportedByWatch = { ready: true, since: new Date(0), reported: START, message: '' };
    };

    expect(await kubelet.fault()).toBeUndefined();
    expect(kubelet.asked).toBe(0);
    expect(kubelet.tookMs).toBeLessThan(3000);
  });

  test.each([
    ['from before its start', { ready: true, reported: new Date('2026-11-24T09:59:59Z') }],
    ['NotReady', { ready: false, since: START, reported: START }],
  ])(
    'is queried when the watch’s last report is %s, since the watch may have stalled',
    async (_title, reported) => {
      const kubelet = new Started((now) => ({ reported: now }));
      kubelet.reportedByWatch = { since: new Date(0), message: '', ...reported };

      expect(await kubelet.fault()).toBeUndefined();
      expect(kubelet.asked).toBe(1);
    },
  );

  test('has no fault when it reports after 40 s', async () => {
    const kubelet = new Started((now) => (now.getTime() > START.getTime() + 40_000 ? { reported: now } : {}));

    expect(await kubelet.fault()).toBeUndefined();
  });

  test('has a fault when only its predecessor reported the node as Ready', async () => {
    const kubelet = new Started(() => ({ reported: new Date('2026-11-24T09:59:59Z') }));

    expect(await kubelet.fault()).toContain('did not report its node to the API server within 45 s');
    expect(kubelet.tookMs).toBeGreaterThan(45_000);
    expect(kubelet.tookMs).toBeLessThan(50_000);
    expect(kubelet.asked).toBeLessThan(17);
  });

  test('has no fault when the API server does not answer or has no condition', async () => {
    const unknown = new Started(() => undefined);
    expect(await unknown.fault()).toBeUndefined();

    const unreachable = new Started(() => {
      throw new Error('connect ECONNREFUSED');
    });
    expect(await unreachable.fault()).toBeUndefined();
    expect(unreachable.asked).toBe(1);
  });

  test.each([-HOUR_MS, HOUR_MS])(
    'has no fault for a clock that was set by %d ms after its report',
    async (byMs) => {
      const kubelet = new Started(() => ({ reported: new Date(START.getTime() + 300) }));
      kubelet.host.now = new Date(kubelet.host.now.getTime() + byMs);
      kubelet.host.clockSetBy = byMs;

      expect(await kubelet.fault()).toBeUndefined();
    },
  );

  test('has no fault for a clock that was set back between its start and its report', async () => {
    const kubelet = new Started(() => ({ reported: new Date(START.getTime() + 300 - HOUR_MS) }));
    kubelet.host.now = new Date(kubelet.host.now.getTime() - HOUR_MS);
    kubelet.host.clockSetBy = -HOUR_MS;

    expect(await kubelet.fault()).toBeUndefined();
  });
});
