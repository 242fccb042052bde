// The bed's addresses, all derived from its slot.

export const SERVICE_NETWORK = '10.96.0.0/16';
/** The address of the API server for pods: the first of the service network, as in kubeadm's clusters. */
export const API_SERVICE = { address: '10.96.0.1', port: 443 };
/** Not 6443, which another cluster on this machine may use on every address. */
export const API_PORT = 16_443;
/** Each bed's etcd listens on its own address of 127.0.0.0/8, which no node can reach. */
const ETCD_CLIENT_PORT = 12_379;
const ETCD_PEER_PORT = 12_380;

/** The machine's own address on the bed's bridge. */
export function machineAddress(slot: number): string {
  return `10.99.${slot}.1`;
}

export function nodeAddress(slot: number, index: number): string {
  return `10.99.${slot}.${10 + index}`;
}

export function podNetwork(slot: number, index: number): string {
  return `10.${200 + slot}.${index}.0/24`;
}

export function apiServer(slot: number): string {
  return `https://${machineAddress(slot)}:${API_PORT}`;
}

export function etcdClient(slot: number): string {
  return `http://127.99.${slot}.1:${ETCD_CLIENT_PORT}`;
}

export function etcdPeer(slot: number): string {
  return `http://127.99.${slot}.1:${ETCD_PEER_PORT}`;
}

/** This machine's end of a node's cable, as systemd-nspawn names it. */
export function linkName(machine: string): string {
  return `vb-${machine}`;
}
