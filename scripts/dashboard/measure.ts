// How smoothly the page moves under load, measured by the browser itself.

import type { Page } from 'playwright-core';
import type { SimulatedCluster } from './simulated-cluster.ts';

export interface Load {
  /** Changes of Nodes, spread over the second. */
  readonly updatesPerSecond: number;
  readonly seconds: number;
}

export interface Figures {
  readonly tiles: number;
  /** How often a tile changed its standing on the page. */
  readonly changed: number;
  readonly frames: number;
  readonly medianFrameMs: number;
  readonly p99FrameMs: number;
  /** Tasks of the page's main thread above 50 ms, and the longest task. */
  readonly longTasks: number;
  readonly longestTaskMs: number;
  /** The part of one processor that the page's main thread takes. */
  readonly busyShare: number;
  /** Memory of the page's JavaScript, in MB. */
  readonly heapMb: number;
}

const STEP_MS = 20;

interface Recorded {
  readonly frames: readonly number[];
  readonly tasks: readonly number[];
  readonly changed: number;
}

/** Puts this load on the cluster and returns what the page took for it. */
export async function measured(page: Page, cluster: SimulatedCluster, load: Load): Promise<Figures> {
  const session = await page.context().newCDPSession(page);
  // Processor time of the page's thread: other programs of this machine do not count.
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const before = await metrics();
  const from = performance.now();
  const timer = setInterval(
    () => cluster.fleet.touch(Math.round((load.updatesPerSecond * STEP_MS) / 1000)),
    STEP_MS,
  );
  const { frames, tasks, changed }: Recorded = await page.evaluate(`(${RECORD})(${load.seconds * 1000})`);
  clearInterval(timer);
  const tookSeconds = (performance.now() - from) / 1000;
  const after = await metrics();
  const sorted = frames.toSorted((one, other) => one - other);
  return {
    tiles: await page.locator('[role=option]').count(),
    changed,
    frames: frames.length,
    medianFrameMs: round(sorted[Math.floor(sorted.length / 2)] ?? 0),
    p99FrameMs: round(sorted[Math.floor(sorted.length * 0.99)] ?? 0),
    longTasks: tasks.length,
    longestTaskMs: round(Math.max(0, ...tasks)),
    busyShare: round(((after['TaskDuration'] ?? 0) - (before['TaskDuration'] ?? 0)) / tookSeconds, 1000),
    heapMb: round((after['JSHeapUsedSize'] ?? 0) / 1e6),
  };

  async function metrics(): Promise<Readonly<Record<string, number>>> {
    const { metrics: list } = await session.send('Performance.getMetrics');
    return Object.fromEntries(list.map(({ name, value }) => [name, value]));
  }
}

/** Runs in the page. */
const RECORD = `async (ms) => {
  const frames = [];
  const tasks = [];
  let changed = 0;
  const observer = new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration)));
  observer.observe({ type: 'longtask' });
  const changes = new MutationObserver((records) => (changed += records.length));
  changes.observe(document.getElementById('tiles'), { subtree: true, attributeFilter: ['data-standing'] });
  const end = performance.now() + ms;
  let last = await new Promise(requestAnimationFrame);
  while (performance.now() < end) {
    const now = await new Promise(requestAnimationFrame);
    frames.push(now - last);
    last = now;
  }
  observer.disconnect();
  changes.disconnect();
  return { frames, tasks, changed };
}`;

function round(number: number, by = 10): number {
  return Math.round(number * by) / by;
}
