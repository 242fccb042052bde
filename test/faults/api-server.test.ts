// An agent and an API server that goes wrong: what it does meanwhile, and how soon it is right again.

import { describe, expect, it } from 'vitest';
import { byLength, printFigures } from './length.ts';
import * as faults from './api-faults.ts';
import { pass } from './api-proxy.ts';
import { meetAnew, openScene, rideOut, type Ridden, type RideOut, writesIn } from './scene.ts';

const RIGHT_WITHIN_MS = 15_000;
/** Two reports and two Events. */
const MOST_WRITES = 6;

interface Case extends Omit<RideOut, 'rightWithinMs'> {
  readonly name: string;
  readonly rightWithinMs?: number;
}

const CASES: readonly Case[] = [
  {
    name: 'connections refused',
    begin: ({ proxy }) => proxy.refuse(),
    lastsMs: byLength({ short: 4000, long: 600_000 }),
    end: ({ proxy }) => proxy.accept(),
  },
  {
    name: 'connections cut as soon as they ask',
    begin: meetAnew(faults.hangUp),
    lastsMs: byLength({ short: 4000, long: 600_000 }),
  },
  {
    name: '503 storm',
    begin: meetAnew(faults.refused(503, 'ServiceUnavailable')),
    lastsMs: byLength({ short: 4000, long: 600_000 }),
  },
  {
    name: '429 storm with Retry-After',
    begin: meetAnew(faults.refused(429, 'TooManyRequests', { 'retry-after': '1' })),
    lastsMs: byLength({ short: 4000, long: 600_000 }),
  },
  {
    name: 'HTML pages, with 500 and with 200',
    begin: meetAnew(faults.inTurn(faults.page(500), faults.page(200))),
    lastsMs: byLength({ short: 4000, long: 600_000 }),
  },
  {
    name: 'JSON that ends in the middle',
    begin: meetAnew(faults.halved),
    lastsMs: byLength({ short: 4000, long: 600_000 }),
  },
  {
    name: 'connections accepted and never answered',
    begin: meetAnew(faults.neverAnswer),
    lastsMs: byLength({ short: 4000, long: 600_000 }),
  },
];

describe.concurrent('after', () => {
  it.each(CASES)('$name, an edit made meanwhile is applied within seconds', async (trouble) => {
    await using scene = await openScene(`faults-${slug(trouble.name)}`);
    const ridden = await rideOut(scene, { rightWithinMs: RIGHT_WITHIN_MS, ...trouble });
    print(trouble.name, trouble.lastsMs, ridden);
    expect(ridden.restarts).toBe(1);
    expect(writesIn(ridden.after).length).toBeLessThanOrEqual(MOST_WRITES);
  });
});

function print(name: string, lastsMs: number, { rightMs, during, after, restarts }: Ridden): void {
  printFigures(name, {
    lasted: `${lastsMs / 1000} s`,
    'right after': `${(rightMs / 1000).toFixed(1)} s`,
    'requests meanwhile': during.length,
    'writes afterwards': writesIn(after).length,
    restarts,
  });
}

function slug(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/gu, '-')
    .slice(0, 40)
    .replace(/-$/u, '');
}
void pass;
