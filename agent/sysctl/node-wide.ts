// Sysctls below net. that the kubelet takes for namespaced, and that Linux keeps once for the whole node.

import { normaliseSysctl } from './normalise.ts';

/**
 * Names of which this is certain: registered for the initial network namespace alone (Linux net/core/sysctl_net_core.c,
 * net/ipv4/sysctl_net_ipv4.c, route.c, inetpeer.c, net/core/neighbour.c), or read-only in every other (rmem and wmem, since 6.11).
 */
const NODE_WIDE: ReadonlySet<string> = new Set([
  ...below('net.core', [
    'bpf_jit_enable',
    'bpf_jit_harden',
    'bpf_jit_kallsyms',
    'bpf_jit_limit',
    'busy_poll',
    'busy_read',
    'default_qdisc',
    'dev_weight',
    'dev_weight_rx_bias',
    'dev_weight_tx_bias',
    'flow_limit_cpu_bitmap',
    'flow_limit_table_len',
    'gro_normal_batch',
    'max_skb_frags',
    'message_burst',
    'message_cost',
    'netdev_budget',
    'netdev_budget_usecs',
    'netdev_max_backlog',
    'netdev_rss_key',
    'netdev_tstamp_prequeue',
    'rmem_default',
    'rmem_max',
    'rps_sock_flow_entries',
    'warnings',
    'wmem_default',
    'wmem_max',
  ]),
  ...below('net.ipv4', [
    'inet_peer_maxttl',
    'inet_peer_minttl',
    'inet_peer_threshold',
    'route.gc_thresh',
    'route.max_size',
    'tcp_low_latency',
    'tcp_max_orphans',
    'tcp_mem',
    'udp_mem',
  ]),
  ...['net.ipv4', 'net.ipv6'].flatMap((family) =>
    below(`${family}.neigh.default`, ['gc_interval', 'gc_thresh1', 'gc_thresh2', 'gc_thresh3']),
  ),
  'net.nf_conntrack_max',
]);

/** True for the name of a sysctl that no pod can set, since no network namespace but the node's own has it writable. */
export function isNodeWide(pattern: string): boolean {
  return NODE_WIDE.has(normaliseSysctl(pattern));
}

/** Returns the names for which `isNodeWide` is true, in bytewise order. */
export function nodeWideNames(): readonly string[] {
  return [...NODE_WIDE].toSorted();
}

function below(folder: string, names: readonly string[]): readonly string[] {
  return names.map((name) => `${folder}.${name}`);
}
