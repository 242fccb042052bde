// What refuses the agent something on its host, and what to set against it.

import type { Confinement } from './ports.ts';

const REFUSAL =
  /EACCES|EPERM|permission denied|access denied|operation not permitted|SELinux policy denies/iu;

/** Returns whether this text of an error says that something was refused. */
export function isRefusal(text: string): boolean {
  return REFUSAL.test(text);
}

/** Returns who refuses what was refused, and what to set, in whole sentences. */
export function refusalText(confinement: Confinement | undefined): string {
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
