// A kubelet that fails to start with some lists, until the fault is removed.

import { useWrapper } from './kubelet-unit.ts';
import type { TestNode } from './test-node.ts';

const FAULT = '/run/faults-list';
const KUBELET = `#!/bin/sh
if [ -s ${FAULT} ] && expr "$*" : ".*$(cat ${FAULT})" > /dev/null; then exec /usr/bin/kubelet "$@" --no-such-flag; fi
exec /usr/bin/kubelet "$@"
`;

/** Replaces the node's kubelet from its next start on. */
export async function useFaultyKubelet(node: TestNode): Promise<void> {
  await useWrapper(node, KUBELET);
}

export async function refuse(node: TestNode, list: { readonly names: readonly string[] }): Promise<void> {
  await node.write(`allowed-unsafe-sysctls=${list.names.join()}`, FAULT);
}

export async function refuseNothing(node: TestNode): Promise<void> {
  await node.remove(FAULT);
}
