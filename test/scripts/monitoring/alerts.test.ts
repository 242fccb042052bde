import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MADE_FILES } from '../../../scripts/monitoring.ts';
import { ALERTS } from '../../../scripts/monitoring/alerts.ts';
import { ruleFile } from '../../../scripts/monitoring/rules.ts';
import { unknownIn } from './known-metrics.ts';

const CHECKOUT = join(import.meta.dirname, '../../..');

describe('the files for monitoring', () => {
  it.each(Object.entries(MADE_FILES))('%s is what scripts/monitoring.ts writes', async (path, content) => {
    expect(await readFile(join(CHECKOUT, path), 'utf8')).toBe(content());
  });
});

describe('the alerts', () => {
  it.each(ALERTS.map(({ alert, for: holds, expr }) => [alert, holds, expr]))(
    '%s after %s is PromQL, and names only metrics, labels and values that the coordinator has',
    (_alert, _for, expr) => {
      expect(unknownIn(expr)).toEqual([]);
    },
  );

  it('a metric, a label or a value that the coordinator does not have is found in an expression', () => {
    expect(unknownIn('max(kubelet_sysctls_no_such) > 0')).toEqual(['kubelet_sysctls_no_such']);
    expect(unknownIn('kubelet_sysctls_node_state{status="Blocked"}')).toEqual([
      'kubelet_sysctls_node_state{status}',
    ]);
    expect(unknownIn('kubelet_sysctls_node_state{state=~"Blocked|Broken"}')).toEqual(['Broken']);
    expect(() => unknownIn('sum by (node (x)')).toThrow('Expected PromQL');
  });

  it('all names of alerts begin with the same words, and one alert alone is critical', () => {
    expect(ALERTS.filter(({ alert }) => !/^KubeletSysctls(?:[A-Z][a-z]+)+$/u.test(alert))).toEqual([]);
    const critical = ALERTS.filter(({ severity }) => severity === 'critical');
    expect(critical.map(({ alert }) => alert)).toEqual(['KubeletSysctlsRollbackIncomplete']);
  });

  it('the summary of an alert is static, and its description names the Node that it is about', () => {
    for (const { expr, summary, description } of ALERTS) {
      expect(summary).not.toContain('{{');
      expect(description.includes('{{ $labels.node }}')).toBe(/by \([^)]*\bnode\b/u.test(expr));
    }
  });
});

describe('the runbooks', () => {
  it('each alert has a page of its name, and each page but README.md is of an alert', async () => {
    const files = await readdir(join(CHECKOUT, 'docs/runbooks'));
    const pages = files.filter((name) => name !== 'README.md');
    expect(pages.toSorted()).toEqual([...new Set(ALERTS.map(({ alert }) => `${alert}.md`))].toSorted());
    for (const { alert, annotations } of ruleFile().groups.flatMap(({ rules }) => rules)) {
      expect(annotations.runbook_url).toBe(`docs/runbooks/${alert}.md`);
    }
  });

  it.each([...new Set(ALERTS.map(({ alert }) => alert))])(
    'the page of %s has the four parts of a runbook, each with text',
    async (alert) => {
      const text = await readFile(join(CHECKOUT, 'docs/runbooks', `${alert}.md`), 'utf8');
      expect(text.split('\n')[0]).toBe(`# ${alert}`);
      const parts = text.split(/^## /mu).slice(1);
      expect(parts.map((part) => part.split('\n')[0])).toEqual([
        'Meaning',
        'Impact',
        'Diagnosis',
        'Mitigation',
      ]);
      expect(parts.filter((part) => part.split('\n').slice(1).join('').trim() === '')).toEqual([]);
    },
  );
});
