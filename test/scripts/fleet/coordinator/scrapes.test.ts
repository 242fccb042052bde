import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { freePort } from '../../../../scripts/bed/util/free-port.ts';
import { scrapeEvery } from '../../../../scripts/fleet/coordinator/scrapes.ts';

async function served(listener: RequestListener, port = 0): Promise<number> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => void server.listen(port, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const address: AddressInfo | string | null = server.address();
  return address !== null && typeof address === 'object' ? address.port : 0;
}

const text = (body: string, paths: string[] = []): RequestListener => {
  return ({ url }, response) => {
    paths.push(url ?? '');
    response.end(body);
  };
};

describe('scrapeEvery', () => {
  it('scrapes /metrics of every replica, again and again, and keeps the size of the largest answer', async () => {
    const paths: string[] = [];
    const ports = await Promise.all([served(text('small', paths)), served(text('ä'.repeat(5000), paths))]);
    using scraper = scrapeEvery(ports, 5);
    await vi.waitFor(() => expect(paths.length).toBeGreaterThan(4));
    const scrapes = await scraper.stop();
    expect(new Set(paths)).toEqual(new Set(['/metrics']));
    expect(new Set(scrapes.map(({ bytes }) => bytes))).toEqual(new Set([10_000]));
    expect(scrapes.length).toBeGreaterThan(2);
    expect(scrapes.every(({ ms }) => ms > 0)).toBe(true);
  });

  it('waits for a coordinator that does not answer yet', async () => {
    const port = await freePort();
    using scraper = scrapeEvery([port], 5);
    await new Promise((resolve) => void setTimeout(resolve, 30));
    await served(text('late'), port);
    expect((await scraper.stop()).at(-1)?.bytes).toBe(4);
  });

  it('fails when the coordinator does not answer at the end', async () => {
    const port = await served((_request, response) => response.writeHead(500).end());
    using scraper = scrapeEvery([port], 5);
    await expect(scraper.stop()).rejects.toThrow('got status 500');
  });

  it('ends without a last scrape when the bench fails', async () => {
    const paths: string[] = [];
    const port = await served(text('x', paths));
    const scraper = scrapeEvery([port], 5);
    await vi.waitFor(() => expect(paths.length).toBeGreaterThan(0));
    scraper[Symbol.dispose]();
    const { length } = paths;
    await new Promise((resolve) => void setTimeout(resolve, 30));
    // One may have been under way.
    expect(paths.length).toBeLessThanOrEqual(length + 1);
  });
});
