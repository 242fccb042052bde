import { describe, expect, it } from 'vitest';
import { judge } from '../../agent/sysctl/judge.ts';
import { SAFE_NAMES } from './safe-names.ts';
import { version } from './versions.ts';

const NODE = { kubelet: version('1.37.2'), kernel: undefined };

describe('an allowance that is of no use to any pod', () => {
  it.each([
    'net.core.rmem_max',
    'net.core.wmem_max',
    'net.core.netdev_max_backlog',
    'net/core/default_qdisc',
    'net.ipv4.tcp_mem',
    'net.ipv4.neigh.default.gc_thresh3',
    'net.ipv6.neigh.default.gc_thresh1',
    'net.nf_conntrack_max',
  ])('is allowed with a warning: %s', (pattern) => {
    expect(judge(pattern, NODE)).toMatchObject({
      verdict: 'allowed',
      warning: expect.stringContaining('no pod can set it'),
    });
  });

  it.each([
    ...SAFE_NAMES,
    'net.core.somaxconn',
    'net.core.optmem_max',
    'net.core.*',
    'net.core.rmem_*',
    'net.ipv4.tcp_*',
    'net.ipv4.tcp_rmem',
    'net.ipv4.udp_rmem_min',
    'net.ipv4.conf.all.rp_filter',
    'net.ipv4.neigh.eth0.gc_stale_time',
    'net.netfilter.nf_conntrack_max',
    'net.unix.max_dgram_qlen',
    'kernel.shm_rmid_forced',
    'vm.max_map_count',
  ])('is not warned of where a pod may set it, or where that is not certain: %s', (pattern) => {
    expect(judge(pattern, NODE)).not.toHaveProperty('warning');
  });
});
