// Why a node cannot be observed at all, and what to do about it.

import { errorText } from '../../text/error-text.ts';
import { steadyLine } from '../../text/steady.ts';
import type { Confinement, HostFiles, NodeObject, Processes } from '../ports.ts';
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
const REFUSAL =
  /EACCES|EPERM|permission denied|access denied|operation not permitted|SELinux policy denies/iu;

/** Returns the state and the reason of a node whose passes fail with `error`. */
export async function explainFailure(
  { files, processes }: FailurePorts,
  node: Pick<NodeObject, 'labels' | 'annotations'> | undefined,
  error: unknown,
): Promise<Failure> {
  const what = `The agent cannot observe this node: ${steadyLine(errorText(error))}`;
  if (REFUSAL.test(what)) {
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

function refusalText(confinement: Confinement | undefined): string {
  switch (confinement?.module) {
    case undefined:
      return (
        'Neither SELinux nor AppArmor confines the agent, as far as it can read. Check that its pod has hostPID and the capabilities ' +
        'that daemonset/ sets; an admission webhook may have removed them.'
      );
    case 'SELinux':
      if (confinement.isOwnType) return lacksRulesText(confinement.label);
      return (
        `SELinux confines the agent as ${confinement.label} and refuses this. Set securityContext.seLinuxOptions of its pod to ` +
        'type: spc_t, level: s0, as daemonset/ does; an admission webhook may have removed them.'
      );
    case 'AppArmor':
      return (
        `AppArmor confines the agent by the profile ${confinement.label} and refuses this. Set securityContext.appArmorProfile of its ` +
        'pod to type: Unconfined, as daemonset/ does; an admission webhook may have removed it.'
      );
  }
}

function lacksRulesText(label: string): string {
  return (
    `SELinux enforces, and the agent runs as ${label}, as daemonset/ asks. The policy of this node may lack rules for it: ` +
    'load daemonset/selinux/kubelet-sysctl-agent.cil there with semodule -i (docs/how-to/selinux.md). With these rules loaded, check ' +
    'that the pod has hostPID and the capabilities that daemonset/ sets.'
  );
}
