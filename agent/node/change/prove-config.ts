// Proves which list a restarted kubelet was started with where its arguments do not show it: that of its config files.

import { posix } from 'node:path';
import type { ConfigSources } from '../../kubelet/config.ts';
import { allowedInArgv, configPaths, runningAllowances } from '../../kubelet/running.ts';
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

/** The list of a verified kubelet. */
export interface StartedList {
  /** What it was started with; undefined: unknown, because its config files were written while it started or cannot be read. */
  readonly running: readonly string[] | undefined;
  /** Its config files after its start; undefined where its arguments have the list, or where they cannot be read. */
  readonly config: ConfigSources | undefined;
}

type Started = Extract<Verification, { ok: true }>;

/**
 * Returns the list that the kubelet was started with, or as a text what is not proven: that it was started with the list that the change
 * wrote. Where the change leaves the list to config files of others, any list is proven: they may have been edited since the plan.
 */
export async function proveList(
  ports: ProofPorts,
  journal: Pick<Journal, 'file' | 'variable' | 'flag' | 'desired'>,
  started: Started,
): Promise<StartedList | string> {
  const { argv } = started;
  if (journal.variable === null) {
    return proveDropIn(ports, journal, started);
  }
  const inArgv = allowedInArgv(argv);
  if (inArgv !== undefined) {
    return { running: inArgv, config: undefined };
  }
  const found = await readList(ports, started).catch(() => undefined);
  const isCovered = found !== undefined && journal.desired.every(coverageOf(found.list));
  return journal.flag.after === undefined || isCovered
    ? { running: found?.isProven === true ? found.list : undefined, config: found?.config }
    : `the new kubelet runs without the expected list: ${argv.join(' ')}`;
}

/** For the agent's drop-in. */
async function proveDropIn(
  ports: ProofPorts,
  { file, desired }: Pick<Journal, 'file' | 'desired'>,
  started: Started,
): Promise<StartedList | string> {
  const { argv } = started;
  const { configDir } = configPaths(argv);
  if (configDir === undefined || posix.join(configDir, posix.basename(file)) !== file) {
    return `the new kubelet does not read ${file}: its arguments are ${argv.join(' ')}`;
  }
  const { list, isProven, config } = await readList(ports, started);
  if (!desired.every(coverageOf(list))) {
    const found = list.length === 0 ? 'no list' : list.join(', ');
    return `the new kubelet runs without the expected list: its configuration has ${found}`;
  }
  return isProven
    ? { running: list, config }
    : `${posix.dirname(file)} or --config was written while the kubelet started, so that it is not known which list it read`;
}

interface FoundList {
  readonly list: readonly string[];
  /** The kubelet was started with it: one from 1.37 on logs the configuration in force; for others, the files must be older than the process. */
  readonly isProven: boolean;
  readonly config: ConfigSources;
}

async function readList(ports: ProofPorts, { argv, status }: Started): Promise<FoundList> {
  const logged = effectiveAllowances(await ports.systemd.journal(status, JOURNAL_LINES));
  const config = await readConfig(ports.files, configPaths(argv));
  const isProven = logged !== undefined || (await areOlder(ports, status, argv, config));
  return { list: logged ?? runningAllowances(argv, config), isProven, config };
}
