// The coordinator's metrics in Prometheus' text format, made when they are asked for.

import { Counter, Gauge, Histogram, Registry } from '@prometheus-io/client';
import packageJson from '../../../package.json' with { type: 'json' };
import type { CountRequest } from '../../cluster/http/counted.ts';
import {
  CHANGE_DURATION,
  CHANGE_DURATION_BUCKETS,
  COUNTERS,
  type Family,
  PROCESS,
} from '../../rollout/metrics/families.ts';
import { fleetSamples, type FleetPicture } from '../../rollout/metrics/fleet-samples.ts';
import { fleetText } from '../../rollout/metrics/fleet-text.ts';
import { type Happening, happeningsBetween, WITHDRAWALS } from '../../rollout/metrics/happenings.ts';

export interface CoordinatorMetrics {
  /** The leader's picture after a pass; undefined: this process leads no longer. */
  observe(picture: FleetPicture | undefined): void;
  readonly countRequest: CountRequest;
  exposition(): Promise<Exposition>;
}

export interface Exposition {
  readonly contentType: string;
  /** The bytes of the text, in order. */
  readonly pieces: readonly Uint8Array[];
}

interface Config {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly registers: Registry[];
}

/** Counts from now on. Without `isLeading` the exposition has no series of the fleet. */
export function coordinatorMetrics(isLeading: () => boolean): CoordinatorMetrics {
  const counters = createCounters();
  let picture: FleetPicture | undefined;

  return {
    observe(next) {
      for (const happening of picture && next ? happeningsBetween(picture, next) : []) {
        counters.add(happening);
      }
      picture = next;
    },
    countRequest: counters.countRequest,
    async exposition() {
      const registry = new Registry();
      addProcess(registry, isLeading());
      for (const metric of counters.metrics) {
        registry.registerMetric(metric);
      }
      const pieces = [Buffer.from(await registry.metrics())];
      for (const piece of picture !== undefined && isLeading() ? fleetText(fleetSamples(picture)) : []) {
        pieces.push(Buffer.from(piece));
      }
      return { contentType: registry.contentType, pieces };
    },
  };
}

function addProcess(registry: Registry, leads: boolean): void {
  const { rss, heapUsed, heapTotal } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const values: Readonly<Record<keyof typeof PROCESS, number>> = {
    kubelet_sysctls_build_info: 1,
    kubelet_sysctls_coordinator_leader: Number(leads),
    process_start_time_seconds: performance.timeOrigin / 1000,
    process_resident_memory_bytes: rss,
    process_cpu_seconds_total: (user + system) / 1e6,
    nodejs_heap_size_used_bytes: heapUsed,
    nodejs_heap_size_total_bytes: heapTotal,
  };
  for (const [name, family] of Object.entries(PROCESS)) {
    const value = Object.entries(values).find(([one]) => one === name)?.[1] ?? 0;
    const labels: Record<string, string> = family.labels.includes('version')
      ? { version: packageJson.version }
      : {};
    const config = configOf(name, family, [registry]);
    if (family.type === 'counter') {
      new Counter(config).inc(labels, value);
    } else {
      new Gauge(config).set(labels, value);
    }
  }
}

interface Counters {
  readonly metrics: readonly (Counter<string> | Histogram<string>)[];
  add(happening: Happening): void;
  readonly countRequest: CountRequest;
}

function createCounters(): Counters {
  const of = (name: keyof typeof COUNTERS): Counter<string> => new Counter(configOf(name, COUNTERS[name]));
  const approvals = of('kubelet_sysctls_approvals_total');
  const withdrawn = of('kubelet_sysctls_approvals_withdrawn_total');
  const changes = of('kubelet_sysctls_changes_total');
  const halts = of('kubelet_sysctls_halts_total');
  const requests = of('kubelet_sysctls_api_requests_total');
  const name = 'kubelet_sysctls_change_duration_seconds';
  const duration = new Histogram({
    ...configOf(name, CHANGE_DURATION[name]),
    buckets: CHANGE_DURATION_BUCKETS,
  });
  // A counter that begins at 1 hides its first increase from rate().
  for (const reason of WITHDRAWALS) withdrawn.inc({ reason }, 0);
  for (const result of ['done', 'failed']) changes.inc({ result }, 0);

  function add(happening: Happening): void {
    switch (happening.kind) {
      case 'approved':
        return approvals.inc();
      case 'withdrawn':
        return withdrawn.inc({ reason: happening.reason });
      case 'halted':
        return halts.inc();
      case 'failed':
        return changes.inc({ result: 'failed' });
      case 'done':
        changes.inc({ result: 'done' });
        if (happening.seconds !== undefined) duration.observe(happening.seconds);
    }
  }

  return {
    metrics: [approvals, withdrawn, changes, halts, duration, requests],
    add,
    countRequest: (verb, code) => requests.inc({ verb, code }),
  };
}

function configOf(name: string, { help, labels }: Family, registers: Registry[] = []): Config {
  return { name, help, labelNames: labels, registers };
}
