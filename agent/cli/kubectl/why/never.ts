// Why a sysctl can be set by no pod, or not by this one, on any node. Pure.

import { hostNamespaceOf } from '../../../plan/in-use.ts';
import { allowanceProblem } from '../../../sysctl/allowance.ts';
import { isNamespaced, knownTo, namespacedAllowances } from '../../../sysctl/namespaces.ts';
import { isNodeWide } from '../../../sysctl/node-wide.ts';
import { normaliseSysctl } from '../../../sysctl/normalise.ts';
import { NEWEST_KUBELET } from '../../../sysctl/version.ts';
import { closest } from '../../../text/closest.ts';

/** The namespaces of its node that a pod shares. */
export interface HostNamespaces {
  readonly hostNetwork: boolean;
  readonly hostIpc: boolean;
  readonly hostUsers: boolean;
}

// SysctlContainSlashFmt in kubernetes pkg/apis/core/validation/validation.go.
const NAME = /^(?:[a-z0-9](?:[-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9](?:[-_a-z0-9]*[a-z0-9])?$/u;
const LONGEST_NAME = 253;

/** Returns why it can never be set, a clause without a full stop, and how to fix it; undefined when a list may allow it. */
export function neverReason(written: string, host: HostNamespaces): string | undefined {
  const name = normaliseSysctl(written);
  if (written.includes('*')) {
    return 'it is a pattern, which only the ConfigMap may have: a pod sets each sysctl by its whole name. Ask for one name';
  }
  if (written.length > LONGEST_NAME || !NAME.test(written)) {
    return `it is no valid name: ${(allowanceProblem(written, NEWEST_KUBELET) ?? '').replace(/\.$/u, '')}`;
  }
  const known = knownTo(NEWEST_KUBELET);
  if (!isNamespaced(name, known)) {
    const meant = closest(name, namespacedAllowances(known), 2);
    return `it is not namespaced: Linux keeps it once for the whole node, and no kubelet lets a pod set it. ${
      meant === undefined ? 'Set it on the node itself' : `Did you mean ${meant}?`
    }`;
  }
  if (isNodeWide(name)) {
    return 'Linux keeps it once for the whole node: a kubelet may allow it, but a pod that names it does not start. Set it on the node itself';
  }
  return sharedReason(name, host);
}

/** The kubelet refuses a sysctl of a namespace that the pod shares with its node, also a safe one, whatever the list. */
function sharedReason(name: string, host: HostNamespaces): string | undefined {
  const shared = hostNamespaceOf(host, name);
  if (shared !== undefined) {
    return `the pod has ${shared}: true, so it would set the node's own, which every kubelet refuses. Remove one of the two`;
  }
  return name.startsWith('user.') && host.hostUsers
    ? 'the kubelet takes it only from a pod with hostUsers: false. Set that'
    : undefined;
}
