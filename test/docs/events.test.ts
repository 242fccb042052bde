import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT, tableOf } from './support/pages.ts';

const FOLDER = join(ROOT, 'agent');

/** Returns `Reason Type` of each Event that the code drafts, by its source: reasons are a type, which leaves no value. */
function drafted(): readonly string[] {
  const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  const sources = files.map((name) => readFileSync(join(FOLDER, name), 'utf8')).join('\n');
  const drafts = [
    ...sources.matchAll(/type: '(?<type>Normal|Warning)',\s*reason: '(?<reason>\w+)'/gu),
    ...sources.matchAll(/add\('(?<type>Normal|Warning)', '(?<reason>\w+)'/gu),
  ];
  return [...new Set(drafts.map(({ groups }) => `${groups?.['reason']} ${groups?.['type']}`))].toSorted();
}

/** Returns the members of the type EventReason. */
function reasons(): readonly string[] {
  const source = readFileSync(join(FOLDER, 'names.ts'), 'utf8');
  const [, members = ''] = /export type EventReason =\n(?<members>(?: {2}\| '\w+';?\n)+)/u.exec(source) ?? [];
  return [...members.matchAll(/'(?<name>\w+)'/gu)].map(({ groups }) => groups?.['name'] ?? '');
}

it('the page of the Events has a row for each reason and type that the code posts, and no other row', () => {
  const rows = tableOf('docs/reference/events.md', ['Reason', 'Type', 'On', 'When']);
  const shown = rows.map(([reason = '', type = '']) => `${reason.replaceAll('`', '')} ${type}`);
  expect(shown.toSorted()).toEqual(drafted());
});

it('every reason of the code has a row on the page of the Events', () => {
  const rows = tableOf('docs/reference/events.md', ['Reason', 'Type', 'On', 'When']);
  const shown = new Set(rows.map(([reason = '']) => reason.replaceAll('`', '')));
  expect(reasons().length).toBeGreaterThan(0);
  expect(reasons().filter((reason) => !shown.has(reason))).toEqual([]);
});
