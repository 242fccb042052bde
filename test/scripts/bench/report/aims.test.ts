import { describe, expect, it } from 'vitest';
import { rowsOf } from '../../../../scripts/bench/report/aims.ts';
import type { Figures } from '../../../../scripts/bench/report/figures.ts';
import { markdown } from '../../../../scripts/bench/report/table.ts';

const MET: Figures = {
  machine: { cpus: 2, kernel: '6.1.0', kubernetes: '1.37.2', cgroupVersion: 1, loadBefore: 0.4 },
  change: {
    byHandMs: [300, 320, 310],
    agentMs: [460, 450, 465],
    byHandUnhealthyMs: [200, 210, 190],
    agentUnhealthyMs: [210, 205, 240],
  },
  driftMs: [80, 300, 90],
  live: {
    lifeSeconds: 400,
    anonymousBytes: 30_000_000,
    residentBytes: 80_000_000,
    workingSetBytes: 48 * 1024 * 1024,
    peakBytes: 60 * 1024 * 1024,
    idleSeconds: 240,
    idleCpuSeconds: 0.24,
    idleRequests: 2,
    idleWrites: 0,
  },
};

function missed(figures: Figures): readonly string[] {
  return rowsOf(figures)
    .filter(({ met }) => met === false)
    .map(({ what }) => what);
}

describe('the aims', () => {
  it('are met at exactly their limits', () => {
    expect(missed(MET)).toEqual([]);
  });

  it.each([
    ['Ratio of the medians', { agentMs: [450, 465.1, 9000] }],
    ['Ratio of the medians without a healthy kubelet', { agentUnhealthyMs: [200, 210.1, 9000] }],
  ])('take the medians, whatever single rounds took: %s', (what, change) => {
    expect(missed({ ...MET, change: { ...MET.change, ...change } })).toEqual([what]);
  });

  it('require every drift in time, not most', () => {
    expect(missed({ ...MET, driftMs: [80, 90, 301] })).toEqual(['Hand edit → drift annotation']);
  });

  it.each([
    ['Anonymous memory', { anonymousBytes: 30_000_001 }],
    ["Working set of the container's cgroup", { workingSetBytes: 48 * 1024 * 1024 + 1 }],
    ['CPU when idle, probes included', { idleCpuSeconds: 0.25 }],
    ['API requests in an idle hour', { idleRequests: 3 }],
    ['of them writes', { idleWrites: 1 }],
  ])('name what is missed: %s', (what, live) => {
    expect(missed({ ...MET, live: { ...MET.live, ...live } })).toEqual([what]);
  });
});

describe('the peak memory of the container', () => {
  it('has a row only when the kernel reports it', () => {
    const said = rowsOf(MET).map(({ measured }) => measured);
    const unknown = rowsOf({ ...MET, live: { ...MET.live, peakBytes: undefined } });
    expect(said).toContain('60 MiB');
    expect(unknown.map(({ measured }) => measured)).toEqual(said.filter((text) => text !== '60 MiB'));
  });
});

describe('the table', () => {
  it('has one aligned line for each row, with the verdict beside each aim', () => {
    const lines = markdown(rowsOf({ ...MET, driftMs: [500] })).split('\n');
    expect(lines.length).toBe(rowsOf(MET).length + 2);
    expect(new Set(lines.map((line) => line.length)).size).toBe(1);
    const drift = lines.find((line) => line.includes('drift annotation')) ?? '';
    expect(drift.split('|').map((cell) => cell.trim())).toEqual([
      '',
      'Hand edit → drift annotation',
      '500 ms (500–500, 1 rounds)',
      '≤ 300 ms',
      'missed',
      '',
    ]);
  });
});
