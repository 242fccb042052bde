import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FAMILIES, FLEET_GAUGES } from '../../agent/rollout/metrics/families.ts';
import { PHASES, STANDINGS } from '../../agent/rollout/fleet.ts';

const PAGE = join(import.meta.dirname, '../../docs/reference/metrics.md');

describe('docs/reference/metrics.md', () => {
  it('has a row for each metric, with the type, labels, replica and help of the code, and no other row', async () => {
    const rows = (await readFile(PAGE, 'utf8')).split('\n').filter((line) => line.startsWith('| `'));
    const expected = Object.entries(FAMILIES).map(([name, { type, labels, help }]) => {
      const replica = name in FLEET_GAUGES ? 'the leader' : 'each';
      const keys = labels.map((label) => `\`${label}\``).join(', ') || '–';
      return `| \`${name}\` | ${type} | ${keys} | ${replica} | ${help} |`;
    });
    expect(rows).toEqual(expected);
  });

  it('names every phase and every standing of a rollout', async () => {
    const page = await readFile(PAGE, 'utf8');
    expect(page).toContain(`\`phase\` ${PHASES.join(', ')};`);
    expect(page).toContain(`\`standing\` ${STANDINGS.join(', ')};`);
  });
});

describe('the names of metrics', () => {
  // A PodMonitor with honorLabels may be overruled by the cluster, and these then become exported_….
  const TAKEN = ['namespace', 'pod', 'service', 'endpoint', 'container', 'job', 'instance'];

  it.each(Object.entries(FAMILIES))('%s follows the naming rules of Prometheus', (name, { type, labels }) => {
    expect(name).toMatch(/^(?:kubelet_sysctls|process|nodejs)_[a-z_]+$/u);
    expect(name.endsWith('_total')).toBe(type === 'counter');
    expect(name).not.toMatch(/_(?:count|sum|bucket|percent|ms)$/u);
    expect(labels.filter((label) => TAKEN.includes(label))).toEqual([]);
  });
});
