// Scrapes the coordinator's metrics while the bench measures, as a Prometheus does.

import { setTimeout as sleep } from 'node:timers/promises';

export interface Scrape {
  /** Size of the answer without its head. */
  readonly bytes: number;
  readonly ms: number;
}

export interface Scraper extends Disposable {
  /** Scrapes once more and stops; resolves with all scrapes of the leader. Rejects when the last one fails. */
  stop(): Promise<readonly Scrape[]>;
}

/** The usual interval of a Prometheus. */
const EVERY_MS = 15_000;
/** Its usual timeout. */
const TIMEOUT_MS = 10_000;

/** Scrapes the replicas on these ports of 127.0.0.1 from now on; one that does not answer yet is left out. */
export function scrapeEvery(ports: readonly number[], everyMs: number = EVERY_MS): Scraper {
  const scrapes: Scrape[] = [];
  const ended = new AbortController();

  const running = (async () => {
    while (!ended.signal.aborted) {
      scrapes.push(...(await largest(ports).catch(() => [])));
      await sleep(everyMs, undefined, { signal: ended.signal, ref: false }).catch(() => undefined);
    }
  })();

  return {
    async stop() {
      ended.abort();
      await running;
      return [...scrapes, ...(await largest(ports))];
    },
    [Symbol.dispose]: () => ended.abort(),
  };
}

/** Returns the largest of the answers, which is the leader's; none without a port. */
async function largest(ports: readonly number[]): Promise<readonly Scrape[]> {
  const answers = await Promise.all(ports.map(scrape));
  return answers.toSorted((one, other) => other.bytes - one.bytes).slice(0, 1);
}

async function scrape(port: number): Promise<Scrape> {
  const begun = performance.now();
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(`http://127.0.0.1:${port}/metrics`, { signal });
  const { byteLength } = await response.arrayBuffer();
  if (!response.ok) throw new Error(`Expected the metrics on port ${port}, got status ${response.status}.`);
  return { bytes: byteLength, ms: performance.now() - begun };
}
