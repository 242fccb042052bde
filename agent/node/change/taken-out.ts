// Whether another program took the change's flag out between the agent's write and the kubelet's start.

import type { ConfigSources } from '../../kubelet/config.ts';
import { nextArgv } from '../../kubelet/configured.ts';
import { runningAllowances } from '../../kubelet/running.ts';
import { takerText } from '../../plan/taker.ts';
import { coverageOf } from '../../sysctl/coverage.ts';
import { readUnit } from '../observe/files.ts';
import type { HostFiles, Systemd } from '../ports.ts';
import type { Journal } from '../state/journal.ts';

/** Returns what the file says in place of the change, without a period; undefined while a start of the kubelet would have the desired list. */
export async function takenOutText(
  ports: { readonly systemd: Systemd; readonly files: HostFiles },
  { unit: name, file, desired }: Journal,
  config: ConfigSources,
): Promise<string | undefined> {
  const { unit } = await readUnit(ports, await ports.systemd.status(name));
  if (desired.every(coverageOf(runningAllowances(nextArgv(unit), config)))) {
    return undefined;
  }
  return `${takerText(unit, file, desired)}. It was written between the agent's write and the kubelet's start`;
}
