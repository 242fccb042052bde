// A kubelet that does not start with some list, as long as somebody wants it so.

import type { TestNode } from '../e2e/test-node.ts';
import type { List } from './subject.ts';

const FAULT = '/run/faults-list';
const WRAPPER = '/usr/local/lib/faults-kubelet';
const DROP_IN = '/etc/systemd/system/kubelet.service.d/90-faults.conf';
const ARGS = '$KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS';
const KUBELET = `#!/bin/sh
case "$*" in
  *--version*) ;;
  *) if [ -s ${FAULT} ] && expr "$*" : ".*$(cat ${FAULT})" > /dev/null; then exec /usr/bin/kubelet "$@" --no-such-flag; fi ;;
esac
exec /usr/bin/kubelet "$@"
`;

/** From the next start on. */
export async function useFaultyKubelet(node: TestNode): Promise<void> {
  await node.write(KUBELET, WRAPPER, 0o755);
  await node.write(`[Service]\nExecStart=\nExecStart=${WRAPPER} ${ARGS}\n`, DROP_IN);
  await node.exec(['systemctl', 'daemon-reload']);
  await node.restartKubelet();
}

export async function refuse(node: TestNode, list: Pick<List, 'names'>): Promise<void> {
  await node.write(`allowed-unsafe-sysctls=${list.names.join()}`, FAULT);
}

export async function refuseNothing(node: TestNode): Promise<void> {
  await node.remove(FAULT);
}
