// Why a node cannot be observed at all, and what to do about it.

import { errorText } from '../../text/error-text.ts';
import { steadyLine } from '../../text/steady.ts';
import type { HostFiles, NodeObject, Processes } from '../ports.ts';
import { isRefusal, refusalText } from '../refusal.ts';
import { readSigns, signsText } from './vendor/signs.ts';

export interface FailurePorts {
  readonly files: Pick<HostFiles, 'read' | 'walk' | 'changedAt'>;
  readonly processes: Pick<Processes, 'confinement'>;
}

export interface Failure {
  readonly state: 'Degraded' | 'Unreconcilable';
  readonly reason: string;
}

/** It exists exactly while systemd is the init process (sd_booted(3)). */
const BOOTED = '/run/systemd/system';

/** Returns the state and the reason of a node whose passes fail with `error`. */
export async function explainFailure(
  { files, processes }: FailurePorts,
  node: Pick<NodeObject, 'labels' | 'annotations'> | undefined,
  error: unknown,
): Promise<Failure> {
  const what = `The agent cannot observe this node: ${steadyLine(errorText(error))}`;
  if (isRefusal(what)) {
    return {
      state: 'Degraded',
      reason: `${what.replace(/\.?$/u, '.')} ${refusalText(await processes.confinement())}`,
    };
  }
  const lacksSystemd = await files.changedAt(BOOTED).then(
    (at) => at === undefined,
    () => false,
  );
  if (!lacksSystemd) {
    return { state: 'Degraded', reason: what };
  }
  const signs = await readSigns(files, undefined);
  const reason =
    `Expected this host to run systemd, found no ${BOOTED}. The agent can change nothing here: ` +
    "set the allowed unsafe sysctls where this node's kubelet is configured.";
  return {
    state: 'Unreconcilable',
    reason: `${reason} ${signsText(signs, node ?? { labels: {}, annotations: {} })}`.trim(),
  };
}
