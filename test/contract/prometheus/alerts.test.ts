// The alerts as the real promtool evaluates them.

import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { prometheusPrograms, whyNoPrometheus } from '../../../scripts/bed/build/prometheus.ts';
import { run } from '../../../scripts/bed/build/run.ts';
import { consoleLog } from '../../../scripts/bed/util/progress.ts';
import { workFolder } from '../../../scripts/bed/util/work-folder.ts';
import { ALERTS } from '../../../scripts/monitoring/alerts.ts';
import { type Case, CASES } from './alert-cases.ts';

const RULES = join(import.meta.dirname, '../../../monitoring/alerts.yaml');
const WHY_NOT = whyNoPrometheus();

describe.skipIf(WHY_NOT !== undefined)(`monitoring/alerts.yaml (${WHY_NOT ?? 'promtool'})`, () => {
  let promtool: string;
  beforeAll(async () => {
    ({ promtool } = await prometheusPrograms(consoleLog()));
  });

  it('promtool finds no fault in the rules', async () => {
    const { stdout } = await run([promtool, 'check', 'rules', '--lint=all', '--lint-fatal', RULES]);
    expect(stdout).toContain(`${ALERTS.length} rules found`);
  });

  it.each(CASES.map((each) => [each.title, each] as const))('%s', async (_title, each) => {
    expect(await faultsOf(promtool, each)).toBe('');
  });

  it('a text that differs is a fault', async () => {
    const [first] = CASES;
    if (first === undefined) throw new Error('Expected a case.');
    const fires = first.fires.map(({ at, alerts }) => ({
      at,
      alerts: alerts.map((fired) => ({ ...fired, summary: 'Another text.' })),
    }));
    expect(await faultsOf(promtool, { ...first, fires })).toContain('Another text.');
  });

  it('every alert of every severity has a case in which it fires', () => {
    const fired = CASES.flatMap(({ alert, fires }) =>
      fires.flatMap(({ alerts }) => alerts.map(({ labels }) => `${alert} ${labels['severity'] ?? ''}`)),
    );
    const all = ALERTS.map(({ alert, severity }) => `${alert} ${severity}`);
    expect([...new Set(fired)].toSorted()).toEqual(all.toSorted());
  });
});

/** Returns what promtool finds wrong; empty when the rules do what the case says. */
async function faultsOf(promtool: string, { alert, series, every, silent, fires }: Case): Promise<string> {
  await using work = await workFolder();
  await cp(RULES, join(work.path, 'alerts.yaml'));
  const expected = fires.map(({ at, alerts }) => ({
    alertname: alert,
    eval_time: at,
    exp_alerts: alerts.map(({ labels, summary, description }) => ({
      exp_labels: labels,
      exp_annotations: { summary, description, runbook_url: `docs/runbooks/${alert}.md` },
    })),
  }));
  const test = {
    rule_files: ['alerts.yaml'],
    evaluation_interval: every ?? '1m',
    tests: [
      {
        interval: '1m',
        input_series: series,
        alert_rule_test: [
          ...silent.map((at) => ({ alertname: alert, eval_time: at, exp_alerts: [] })),
          ...expected,
        ],
      },
    ],
  };
  const file = join(work.path, 'test.yaml');
  await writeFile(file, stringify(test));
  const { exitCode, stdout, stderr } = await run([promtool, 'test', 'rules', file], { reject: false });
  return exitCode === 0 ? '' : `${stdout}\n${stderr}`;
}
