// A key for the situation of a change: the same key means that the same change would end the same way.

import { createHash } from 'node:crypto';
import type { Observation } from '../observe/observe.ts';

/** Returns a hash of what decides how a change of this node ends: the revision, the unit, its files, the kubelet. */
export function failureKey(observation: Observation, revision: string): string {
  const { unit, config, unitFiles, kubelet } = observation;
  const hash = createHash('sha256');
  hash.update(
    JSON.stringify([
      revision,
      kubelet,
      unit.name,
      unit.execStart,
      unit.environment,
      unit.environmentFiles.length,
    ]),
  );
  const files = [
    ...unit.environmentFiles,
    ...unitFiles,
    ...(config.config === undefined ? [] : [config.config]),
  ];
  for (const { path, content } of [...files, ...config.dropIns]) {
    hash.update(`\0${path}\0${content === undefined ? '-' : content.length}\0`);
    hash.update(content ?? '');
  }
  return hash.digest('hex').slice(0, 16);
}
