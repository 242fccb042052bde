// The result as Markdown tables, as in docs/explanation/figures.md.

import { alignedTable } from '../../bench/report/table.ts';
import { spreadOf } from '../../bench/report/statistics.ts';
import type { FleetRow } from './rows.ts';
import type { Figures } from './figures.ts';
import { idealMs, slotsOf } from '../ideal.ts';
import { MAX_UNAVAILABLE_PERCENT } from '../lists.ts';

/** Returns a Markdown table with one column for each fleet of `sizes`. */
export function fleetTable(sizes: readonly number[], rows: readonly FleetRow[]): string {
  return alignedTable([
    ['', ...sizes.map((nodes) => `${count(nodes)} nodes`), 'Aim', ''],
    ...rows.map(({ what, measured, aim, missedAt }) => [
      what,
      ...measured,
      aim ?? '',
      verdict(aim, missedAt),
    ]),
  ]);
}

/** Returns a Markdown table of other ways to pace the change, computed from the duration of one node. */
export function othersTable({ fleets, single }: Pick<Figures, 'fleets' | 'single'>): string {
  const nodeMs = spreadOf(single.nodeMs).median;
  const plain = { canaries: 0, soakMs: 0, nodeMs };
  return alignedTable([
    ['', ...fleets.map(({ nodes }) => `${count(nodes)} nodes`)],
    ['This coordinator, measured', ...fleets.map(({ rolloutMs }) => duration(rolloutMs))],
    [
      'Waves of 10% without approval or canary, computed',
      ...fleets.map(({ nodes }) =>
        duration(idealMs({ ...plain, nodes, slots: slotsOf(nodes, MAX_UNAVAILABLE_PERCENT) })),
      ),
    ],
    [
      "One at a time (kured's default), computed",
      ...fleets.map(({ nodes }) => duration(idealMs({ ...plain, nodes, slots: 1 }))),
    ],
  ]);
}

/** Formats ms in the two largest units: 3 723 000 ms is `1 h 2 min`. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 600) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function settingText({ machine, pace, single }: Figures): string {
  const { median, min, max } = spreadOf(single.nodeMs);
  return (
    `${machine.cpus} CPUs, Linux ${machine.kernel}, Kubernetes ${machine.kubernetes}, load ${machine.loadBefore.toFixed(2)} before. ` +
    `soakSeconds ${pace.soakSeconds}, nodeSoakSeconds ${pace.nodeSoakSeconds}; one node alone takes ${(median / 1000).toFixed(2)} s ` +
    `(${(min / 1000).toFixed(2)}–${(max / 1000).toFixed(2)}).`
  );
}

export function othersText({ others }: Figures): string {
  const { nodes, waves, oneAtATime } = others;
  return [
    `Simulated with ${count(nodes)} nodes: ${ranText('ten waves', waves)}`,
    ranText('one at a time with nodeSoakSeconds 0', oneAtATime),
  ].join('; ');
}

function ranText(
  what: string,
  { ms, idealMs: ideal }: { readonly ms: number; readonly idealMs: number },
): string {
  return `${what}: ${(ms / 1000).toFixed(1)} s, computed ${(ideal / 1000).toFixed(1)} s`;
}

function verdict(aim: string | undefined, missedAt: readonly number[]): string {
  if (aim === undefined) return '';
  return missedAt.length === 0 ? 'met' : `missed at ${missedAt.map(count).join(', ')}`;
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
