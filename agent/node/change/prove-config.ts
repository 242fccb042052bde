// Proves that a restarted kubelet runs with the list of the agent's drop-in: its arguments do not show that.

import { posix } from 'node:path';
import { configPaths, runningAllowances } from '../../kubelet/running.ts';
import { effectiveAllowances } from '../../kubelet/effective-config.ts';
import { coverageOf } from '../../sysctl/coverage.ts';
import { readConfig } from '../observe/files.ts';
import { areOlder, type ProcessPorts } from '../observe/kubelet-process.ts';
import type { Systemd } from '../ports.ts';
import type { Journal } from '../state/journal.ts';
import type { Verification } from './verify.ts';

export interface ProofPorts extends ProcessPorts {
  readonly systemd: Systemd;
}

/** A kubelet logs its configuration at its start: most have written fewer lines by the time they answer healthz. */
const JOURNAL_LINES = 2000;

/**
 * Resolves with undefined when the kubelet was started with the drop-in, else with what is not proven. A kubelet from 1.37 on logs the
 * configuration in force; for others, the files must be older than the process and allow what is desired.
 */
export async function findUnproven(
  ports: ProofPorts,
  { file, desired }: Pick<Journal, 'file' | 'desired'>,
  { argv, status }: Extract<Verification, { ok: true }>,
): Promise<string | undefined> {
  const { configDir } = configPaths(argv);
  if (configDir === undefined || posix.join(configDir, posix.basename(file)) !== file) {
    return `the new kubelet does not read ${file}: its arguments are ${argv.join(' ')}`;
  }
  const logged = effectiveAllowances(await ports.systemd.journal(status, JOURNAL_LINES));
  const config = await readConfig(ports.files, configPaths(argv));
  const running = logged ?? runningAllowances(argv, config);
  if (!desired.every(coverageOf(running))) {
    const found = running.length === 0 ? 'no list' : running.join(', ');
    return `the new kubelet runs without the expected list: its configuration has ${found}`;
  }
  return logged !== undefined || (await areOlder(ports, status, argv, config))
    ? undefined
    : `${posix.dirname(file)} or --config was written while the kubelet started, so that it is not known which list it read`;
}
