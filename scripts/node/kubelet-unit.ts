// Changes the unit of a node's kubelet for a case, until the node is reset.

import type { TestNode } from './test-node.ts';

const KUBELET = '/usr/bin/kubelet';
const WRAPPER = '/usr/local/lib/e2e-kubelet';
const DROP_IN = '/etc/systemd/system/kubelet.service.d/90-fault.conf';
const ARGS = '$KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS';

/** Adds the drop-in and restarts the kubelet with it. */
export async function useDropIn(node: TestNode, content: string): Promise<void> {
  await node.write(content, DROP_IN);
  await node.exec(['systemctl', 'daemon-reload']);
  await node.restartKubelet();
}

/**
 * From now on the unit starts this script, which executes the kubelet with `"$@"`. As kubenswrapper, it is given the kubelet's path first,
 * by which the agent knows the kubelet.
 */
export async function useWrapper(node: TestNode, script: string): Promise<void> {
  await node.write(script.replace('\n', '\nshift\n'), WRAPPER, 0o755);
  await useDropIn(node, `[Service]\nExecStart=\nExecStart=${WRAPPER} ${KUBELET} ${ARGS}\n`);
}

/** Removes the drop-in and the wrapper, and restarts the kubelet as before. */
export async function dropWrapper(node: TestNode): Promise<void> {
  await node.remove(DROP_IN);
  await node.remove(WRAPPER);
  await node.exec(['systemctl', 'daemon-reload']);
  await node.restartKubelet();
}
