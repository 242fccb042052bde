import { describe, expect, it } from 'vitest';
import { foldersOf, numberAfter } from '../../../../scripts/bench/measure/container.ts';

describe("a container's cgroup", () => {
  it('has a folder for each controller on version 1, also beside a mounted version 2', () => {
    const text = '9:memory:/n/pod/c\n4:cpu,cpuacct:/n/pod/c\n1:name=systemd:/n/pod/c\n0::/n\n';
    expect(foldersOf(text)).toEqual({
      memoryFolder: '/sys/fs/cgroup/memory/n/pod/c',
      cpuFolder: '/sys/fs/cgroup/cpuacct/n/pod/c',
      cgroupVersion: 1,
    });
  });

  it('has one folder on version 2', () => {
    expect(foldersOf('0::/kubepods/pod:1/c\n')).toEqual({
      memoryFolder: '/sys/fs/cgroup/kubepods/pod:1/c',
      cpuFolder: '/sys/fs/cgroup/kubepods/pod:1/c',
      cgroupVersion: 2,
    });
  });
});

describe('a number in a file of the kernel', () => {
  it('is the one of that key, not of a longer key', () => {
    const text = 'total_inactive_file 5\ninactive_file 7\n';
    expect(numberAfter(text, 'inactive_file')).toBe(7);
    expect(numberAfter('VmRSS:\t  90836 kB\nRssAnon:\t  35024 kB\n', 'RssAnon:')).toBe(35024);
  });

  it('throws when it is missing', () => {
    expect(() => numberAfter('a 1\n', 'b')).toThrow(Error);
  });
});
