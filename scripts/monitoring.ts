// node scripts/monitoring.ts: writes the alerts and the dashboard from the typed objects of scripts/monitoring/.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dashboardConfigMapYaml, dashboardJson } from './monitoring/dashboard.ts';
import { alertsYaml, prometheusRuleYaml } from './monitoring/rules.ts';

const CHECKOUT = join(import.meta.dirname, '..');

/** Path in the checkout → content. A test compares them with what is committed. */
export const MADE_FILES: Readonly<Record<string, () => string>> = {
  'monitoring/alerts.yaml': alertsYaml,
  'monitoring/dashboard.json': dashboardJson,
  'daemonset/components/monitoring/prometheus-rule.yaml': prometheusRuleYaml,
  'daemonset/components/monitoring/dashboard.yaml': dashboardConfigMapYaml,
};

if (import.meta.main) {
  for (const [path, content] of Object.entries(MADE_FILES)) {
    await writeFile(join(CHECKOUT, path), content());
    process.stdout.write(`Written: ${path}\n`);
  }
}
