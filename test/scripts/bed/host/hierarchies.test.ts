import { expect, it } from 'vitest';
import { hierarchies } from '../../../../scripts/bed/host/cgroups.ts';

it('a machine with only the v2 hierarchy is version 2', () => {
  const mounts = 'proc /proc proc rw 0 0\ncgroup2 /sys/fs/cgroup cgroup2 rw,nsdelegate 0 0\n';
  expect(hierarchies(mounts)).toEqual({ version: 2, roots: ['/sys/fs/cgroup'] });
});

it('v1 and the hybrid mode are version 1, with all hierarchies', () => {
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

it('hierarchies throws when there are no control groups', () => {
  expect(() => hierarchies('proc /proc proc rw 0 0\n')).toThrow(/none mounted/);
});
