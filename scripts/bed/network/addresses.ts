// The bed's addresses, all of them functions of its slot.

export const SERVICE_NETWORK = '10.96.0.0/16';
/** Where pods reach the API server: the first address of the services' network, as in kubeadm's clusters. */
export const API_SERVICE = { address: '10.96.0.1', port: 443 };
/** Not 6443, which a cluster that somebody already has on this machine may hold on every address. */
export const API_PORT = 16_443;
/** Everything in 127.0.0.0/8 is loopback, so each bed has one for its etcd that no node can reach. */
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
