// The flag that a kubelet refuses, and the place that gives it.

import { printable } from '../../text/quote.ts';
import { configuredOf } from '../configured.ts';
import { NO_CONFIG, readKubeletConfig } from '../config.ts';
import { readUsableEnvironmentFiles } from '../environment/environment.ts';
import type { KubeletUnit } from '../unit.ts';

/** In characters. */
const MOST_QUOTED = 200;

/** Returns the name of the flag in an error of pflag, such as `unknown flag: --container-runtime`; undefined when the text has none. */
export function unknownFlagIn(text: string): string | undefined {
  return /unknown flag: --([\w-]+)/u.exec(text)?.[1];
}

/** Returns where the unit's next start gets the flag, and its assignment there; undefined when it does not get it. */
export function placeOfFlag(unit: KubeletUnit, flag: string): string | undefined {
  const files = readUsableEnvironmentFiles(unit);
  const { flags, args, environment } = configuredOf(unit, files, readKubeletConfig(NO_CONFIG));
  const use = flags.uses.find(({ name }) => name === flag);
  const word = use && args[use.at];
  if (word === undefined) return undefined;
  const found = word.variable === undefined ? undefined : environment.get(word.variable);
  return found === undefined
    ? `ExecStart= of ${unit.name}`
    : `${found.origin}: ${printable(`${word.variable}=${found.value}`, MOST_QUOTED)}`;
}
