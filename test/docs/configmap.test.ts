import { expect, it } from 'vitest';
import { parsePolicy } from '../../agent/policy/parse.ts';
import { IN_USE, MODES, type Quantity, ROLLOUTS, UNMANAGED } from '../../agent/policy/policy.ts';
import { LONGEST_NODE_SOAK_SECONDS, SETTING_KEYS } from '../../agent/policy/settings.ts';
import { PHASES } from '../../agent/rollout/fleet.ts';
import { statusData } from '../../agent/rollout/status/status.ts';
import { decision } from '../rollout/decisions.ts';
import { tableOf } from './support/pages.ts';

const PAGE = 'docs/reference/configmap.md';
const rows = tableOf(PAGE, ['Key', 'Default', 'Meaning']);

/** What a key is when the ConfigMap does not name it, as the page prints it. */
function defaults(): Readonly<Record<string, string>> {
  const result = parsePolicy({ allowedUnsafeSysctls: 'net.core.somaxconn' });
  if (!result.ok) throw new Error('Expected a valid policy.');
  const { pace, ...settings } = result.policy.settings;
  const { canary, maxUnavailable, failureThreshold, windows, ...others } = pace;
  return {
    ...texts({ ...settings, ...others }),
    canary: canary.kind === 'count' ? `\`${canary.count}\`` : '',
    maxUnavailable: quantityText(maxUnavailable),
    failureThreshold: quantityText(failureThreshold),
    windows: windows.length === 0 ? '–' : '',
    allowedUnsafeSysctls: '–',
    profiles: '–',
  };
}

function isSoak(seconds: number): boolean {
  return parsePolicy({ allowedUnsafeSysctls: 'kernel.sem', soakSeconds: String(seconds) }).ok;
}

function texts(values: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, `\`${String(value)}\``]));
}

function quantityText(quantity: Quantity): string {
  return quantity.kind === 'count' ? `\`${quantity.count}\`` : `\`${quantity.percent}%\``;
}

function meaningOf(key: string): string {
  return rows.find(([name]) => name === `\`${key}\``)?.[2] ?? '';
}

it('the page of the ConfigMap has a row for each key, with the default that the code has, and no other row', () => {
  const shown = Object.fromEntries(
    rows.map(([key = '', fallback = '']) => [key.replaceAll('`', ''), fallback]),
  );
  expect(Object.keys(shown).toSorted()).toEqual(
    ['allowedUnsafeSysctls', 'profiles', ...SETTING_KEYS].toSorted(),
  );
  expect(rows).toHaveLength(Object.keys(shown).length);
  expect(shown).toEqual(defaults());
});

it.each([
  ['mode', MODES],
  ['unmanaged', UNMANAGED],
  ['inUse', IN_USE],
  ['rollout', ROLLOUTS],
])('the page of the ConfigMap explains every value of %s', (key, values) => {
  expect(values.filter((value) => !meaningOf(key).includes(`\`${value}\``))).toEqual([]);
});

it('the page of the ConfigMap has the longest soaks that the code accepts', () => {
  const longest = Number(/0 to (?<most>\d+)/u.exec(meaningOf('soakSeconds'))?.groups?.['most']);
  expect([isSoak(longest), isSoak(longest + 1)]).toEqual([true, false]);
  expect(meaningOf('nodeSoakSeconds')).toContain(`0 to ${LONGEST_NODE_SOAK_SECONDS}`);
});

it('the page of the ConfigMap names each key of the status, and each phase', () => {
  const status = tableOf(PAGE, ['Key', 'Content']);
  const keys = [...Object.keys(statusData(decision({}), undefined)), 'updated'];
  expect(status.map(([key]) => key)).toEqual(keys.map((key) => `\`${key}\``));
  expect(PHASES.filter((phase) => !status[0]?.[1]?.includes(phase))).toEqual([]);
});
