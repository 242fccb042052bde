// The drift of a node that cannot be planned: a person still sees what its kubelet runs with and will start with. Pure.

import { ConfigError, NO_CONFIG, readKubeletConfig, type ConfigSources } from '../kubelet/config.ts';
import { configuredOf } from '../kubelet/configured.ts';
import { readUsableEnvironmentFiles } from '../kubelet/environment/environment.ts';
import type { KubeletUnit } from '../kubelet/unit.ts';
import { coverageOf } from '../sysctl/coverage.ts';
import { driftOf, type Drift } from './drift.ts';
import type { LastApplied } from './merge.ts';

/** Returns the drift by the files as systemd reads them. Config files that the kubelet cannot read count as empty. */
export function driftWithoutPlan(node: {
  readonly unit: KubeletUnit;
  readonly config: ConfigSources;
  readonly desired: readonly string[];
  readonly lastApplied: LastApplied;
  /** undefined: not known, and taken to be what is configured. */
  readonly running: readonly string[] | undefined;
}): Drift {
  const { unit, desired, lastApplied } = node;
  const { allowances } = configuredOf(unit, readUsableEnvironmentFiles(unit), usableConfig(node.config));
  const configured = [...new Set(allowances.map(({ pattern }) => pattern))];
  const isDesired = coverageOf(desired);
  const others = allowances.filter(
    ({ pattern }) => !isDesired(pattern) && !lastApplied.ours.includes(pattern),
  );
  return driftOf({ desired, configured, running: node.running ?? configured, unmanaged: others });
}

function usableConfig(config: ConfigSources): ReturnType<typeof readKubeletConfig> {
  try {
    return readKubeletConfig(config);
  } catch (error) {
    if (error instanceof ConfigError) return readKubeletConfig(NO_CONFIG);
    throw error;
  }
}
