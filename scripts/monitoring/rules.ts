// The alerts as Prometheus and its operator read them.

import { stringify } from 'yaml';
import { ALERTS, KEEP_FIRING_FOR, type Alert } from './alerts.ts';

/** Where an alert's page is: a path in this repository, since an installation knows no address of it. */
export const RUNBOOKS = 'docs/runbooks';

export interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly keep_firing_for: string;
  readonly labels: { readonly severity: Alert['severity'] };
  readonly annotations: {
    readonly summary: string;
    readonly description: string;
    readonly runbook_url: string;
  };
}

export interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
}

/** Returns a file of rules for Prometheus. */
export function ruleFile(): RuleFile {
  return { groups: [{ name: 'kubelet-sysctl-agent', rules: ALERTS.map(ruleOf) }] };
}

function ruleOf({ alert, expr, for: holds, severity, summary, description }: Alert): Rule {
  return {
    alert,
    expr,
    for: holds,
    keep_firing_for: KEEP_FIRING_FOR,
    labels: { severity },
    annotations: { summary, description, runbook_url: `${RUNBOOKS}/${alert}.md` },
  };
}

const MADE = '# Made by `node scripts/monitoring.ts`.';

/** Returns monitoring/alerts.yaml. */
export function alertsYaml(): string {
  return `${MADE} Load it with rule_files of prometheus.yml; docs/runbooks has a page for each alert.\n${yamlOf(ruleFile())}`;
}

/** Returns the PrometheusRule of the component. */
export function prometheusRuleYaml(): string {
  const object = {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'kubelet-sysctl-agent', namespace: 'kubelet-sysctl-agent' },
    spec: ruleFile(),
  };
  return `${MADE} docs/runbooks has a page for each alert.\n${yamlOf(object)}`;
}

/** Returns YAML whose texts are not broken into lines. */
export function yamlOf(object: object): string {
  return stringify(object, { lineWidth: 0 });
}
