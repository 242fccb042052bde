import { expect, it } from 'vitest';
import { hierarchies } from '../../../../scripts/bed/host/cgroups.ts';

it('takes a machine with the one hierarchy of v2 for v2', () => {
  const mounts = 'proc /proc proc rw 0 0\ncgroup2 /sys/fs/cgroup cgroup2 rw,nsdelegate 0 0\n';
  expect(hierarchies(mounts)).toEqual({ version: 2, roots: ['/sys/fs/cgroup'] });
});

it('takes v1 and the hybrid of both for v1, and names every hierarchy', () => {
  const mounts = [
    'tmpfs /sys/fs/cgroup tmpfs ro 0 0',
    'cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0',
    'cgroup /sys/fs/cgroup/systemd cgroup rw,name=systemd 0 0',
    'cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0',
  ].join('\n');
  expect(hierarchies(mounts)).toEqual({
    version: 1,
    roots: ['/sys/fs/cgroup/unified', '/sys/fs/cgroup/systemd', '/sys/fs/cgroup/cpu,cpuacct'],
  });
});

it('says so when there are no control groups', () => {
  expect(() => hierarchies('proc /proc proc rw 0 0\n')).toThrow(/none mounted/);
});
