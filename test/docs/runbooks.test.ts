import { expect, it } from 'vitest';
import { ALERTS } from '../../scripts/monitoring/alerts.ts';
import { readPage, tableOf } from './support/pages.ts';

it('docs/runbooks/README.md has a row for each alert of the code, in its order, and no other row', () => {
  const rows = tableOf('docs/runbooks/README.md', ['Alert', 'When', 'For', 'Severity']);
  expect(rows).toEqual(
    ALERTS.map(({ alert, summary, for: holds, severity }) => [
      `[${alert}](${alert}.md)`,
      summary,
      holds,
      severity,
    ]),
  );
});

it('README.md has the number of alerts', () => {
  const names = new Set(ALERTS.map(({ alert }) => alert));
  expect(readPage('README.md').prose).toContain(`with ${names.size} alerts`);
});
