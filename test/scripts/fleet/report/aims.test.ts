import { describe, expect, it } from 'vitest';
import { rowsOf } from '../../../../scripts/fleet/report/aims.ts';
import type { FleetFigures } from '../../../../scripts/fleet/report/figures.ts';

const USAGE = { residentBytes: 100e6, peakBytes: 150e6, cpuSeconds: 1 };
const SCRAPES = [
  { bytes: 2000, ms: 90 },
  { bytes: 512_400, ms: 31.04 },
  { bytes: 400_000, ms: 4 },
];

/** Every figure exactly at its limit; an idle agent's watches are 4 requests an hour. */
const MET: FleetFigures = {
  nodes: 100,
  slots: 10,
  rolloutMs: 115_000,
  idealMs: 100_000,
  requests: { agents: 500, coordinator: 100, refused: 0, kinds: {} },
  bytes: 1e6,
  connections: 200,
  idle: { seconds: 60, requests: { agents: 28, coordinator: 15, refused: 0, kinds: {} } },
  upgrade: { ms: 30_000, bytes: 2e6, requests: { agents: 600, coordinator: 1, refused: 3, kinds: {} } },
  coordinator: { ...USAGE, scrapes: SCRAPES, decisionMs: [40, 50, 90] },
  harness: {
    makeMs: 1,
    agents: { residentBytes: 1, cpuSeconds: 1 },
    apiServer: USAGE,
    apiServerCpuSeconds: 1,
    warnings: {},
  },
};

function missed(...fleets: readonly FleetFigures[]): readonly (readonly [string, readonly number[]])[] {
  return rowsOf({ fleets })
    .filter(({ missedAt }) => missedAt.length > 0)
    .map(({ what, missedAt }) => [what, missedAt]);
}

describe('the aims of the fleet', () => {
  it('are met at exactly their limits', () => {
    expect(missed(MET)).toEqual([]);
  });

  it.each<[string, Partial<FleetFigures>]>([
    ['Ratio', { rolloutMs: 115_001 }],
    ['API requests per node and change', { requests: { ...MET.requests, coordinator: 101 } }],
    ['Memory of the coordinator', { coordinator: { ...MET.coordinator, peakBytes: 150e6 + 1 } }],
    ['One decision', { coordinator: { ...MET.coordinator, decisionMs: [40, 50.1, 90] } }],
    [
      'API requests per node in an idle hour',
      { idle: { seconds: 60, requests: { ...MET.idle.requests, agents: 29 } } },
    ],
  ])('name what is missed: %s', (what, figures) => {
    expect(missed({ ...MET, ...figures })).toEqual([[what, [100]]]);
  });

  it('name exactly the fleets that miss one', () => {
    const larger = { ...MET, nodes: 1000, rolloutMs: 2e5 };
    expect(missed(MET, larger).find(([what]) => what === 'Ratio')).toEqual(['Ratio', [1000]]);
  });
});

describe('the scrapes of the metrics', () => {
  it('are shown by the largest answer and the median time, without an aim', () => {
    const other = { ...MET, coordinator: { ...MET.coordinator, scrapes: [{ bytes: 7000, ms: 1.26 }] } };
    const rows = rowsOf({ fleets: [MET, other] });
    expect(rows.find(({ what }) => what === 'Largest answer of /metrics')).toMatchObject({
      measured: ['512.4 kB', '7.0 kB'],
      aim: undefined,
    });
    expect(rows.find(({ what }) => what === 'One scrape of it')).toMatchObject({
      measured: ['31.0 ms', '1.3 ms'],
      aim: undefined,
    });
  });
});
