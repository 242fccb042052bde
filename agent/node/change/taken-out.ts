// Whether another program took the change's flag out between the agent's write and the kubelet's start.

import { nextArgv } from '../../kubelet/configured.ts';
import { configPaths, runningAllowances } from '../../kubelet/running.ts';
import { takerText } from '../../plan/taker.ts';
import { coverageOf } from '../../sysctl/coverage.ts';
import { readConfig, readUnit } from '../observe/files.ts';
import type { HostFiles, Systemd } from '../ports.ts';
import type { Journal } from '../state/journal.ts';

/** Returns what the file says in place of the change, without a period; undefined while a start of the kubelet would have the desired list. */
export async function takenOutText(
  ports: { readonly systemd: Systemd; readonly files: HostFiles },
  { unit: name, file, variable, desired }: Journal,
): Promise<string | undefined> {
  const { unit } = await readUnit(ports, await ports.systemd.status(name));
  const argv = nextArgv(unit);
  const config = await readConfig(ports.files, configPaths(argv));
  if (desired.every(coverageOf(runningAllowances(argv, config)))) {
    return undefined;
  }
  return `${takerText(unit, { file, variable }, desired)}. It was written between the agent's write and the kubelet's start`;
}
