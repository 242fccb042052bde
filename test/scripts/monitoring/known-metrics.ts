// What of a query the coordinator's metrics do not have.

import { STATES } from '../../../agent/names.ts';
import { FAMILIES } from '../../../agent/rollout/metrics/families.ts';
import { PHASES, STANDINGS } from '../../../agent/rollout/fleet.ts';
import { selectorsIn } from './promql.ts';

const VALUES: Readonly<Record<string, readonly string[]>> = {
  state: STATES,
  phase: PHASES,
  standing: STANDINGS,
  kind: ['missing', 'unmanaged', 'pending restart'],
};

/** Returns the metrics, labels and values of labels that no series of the coordinator can have. Throws when it is not PromQL. */
export function unknownIn(expr: string): readonly string[] {
  return selectorsIn(expr).flatMap(({ metric, matches }) => {
    const family = FAMILIES[metric] ?? histogramOf(metric);
    if (family === undefined) return [metric];
    return matches.flatMap(({ label, values }) =>
      family.labels.includes(label)
        ? values.filter((value) => VALUES[label]?.includes(value) !== true)
        : [`${metric}{${label}}`],
    );
  });
}

function histogramOf(metric: string): (typeof FAMILIES)[string] | undefined {
  const family = FAMILIES[metric.replace(/_(?:bucket|sum|count)$/u, '')];
  return family?.type === 'histogram' ? family : undefined;
}
