import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isKubelet, programText } from '../../agent/kubelet/program.ts';

const ELF = '\u{7F}ELF\u{2}\u{1}';

const elf = (path: string): { path: string; head: string } => ({ path, head: ELF });

describe('isKubelet', () => {
  it.each([
    '/usr/bin/kubelet',
    '/opt/k8s/kubelet-1.37',
    '/opt/kubelet-v1.37.2',
    '/opt/kubelet_1.37',
    '/opt/kubelet1.37.2-eks-1',
    '/nix/store/x-kubernetes-1.37/bin/kubelet',
  ])('an ELF file named as %s is a kubelet', (path) => {
    expect(isKubelet({ path, head: ELF })).toBe(true);
  });

  it.each([
    '/usr/bin/hyperkube',
    '/usr/bin/snap',
    '/usr/bin/docker',
    '/usr/local/bin/kubenswrapper',
    '/usr/bin/kubelet-exporter',
    '/usr/bin/kubelet-healthcheck',
    '/usr/bin/kubelet-config-watcher',
    '/usr/bin/kubelet.sh',
    '/usr/bin/kubeletctl',
    '/usr/bin/my-kubelet',
    '/opt/kubelet/start',
    '/usr/bin/Kubelet',
  ])('an ELF file named as %s is none', (path) => {
    expect(isKubelet({ path, head: ELF })).toBe(false);
  });

  it('a file that does not begin as an ELF file is none, whatever its name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 128 }), (head) => {
        fc.pre(!head.startsWith('\u{7F}ELF'));
        expect(isKubelet({ path: '/usr/bin/kubelet', head })).toBe(false);
      }),
    );
  });
});

describe('programText', () => {
  it.each([
    [
      ['/opt/azure/containers/start-kubelet.sh'],
      { path: '/opt/azure/containers/start-kubelet.sh', head: '#!/bin/bash\nset -e\n' },
      '/opt/azure/containers/start-kubelet.sh, a script (#!/bin/bash)',
    ],
    [
      ['/usr/bin/kubelet', '--v=2'],
      { path: '/usr/bin/kubelet', head: '#! /bin/sh -eu\r\n' },
      '/usr/bin/kubelet, a script (#! /bin/sh -eu)',
    ],
    [['/usr/bin/kubelet'], undefined, '/usr/bin/kubelet, which does not exist'],
    [['/usr/bin/docker', 'run', '--net=host', 'x'], elf('/usr/bin/docker'), 'a container (docker run)'],
    [['/usr/bin/podman', 'start', 'kubelet'], elf('/usr/bin/podman'), 'a container (podman start)'],
    [['/usr/bin/snap', 'run', 'k8s.kubelet'], elf('/usr/bin/snap'), 'a snap (snap run)'],
    [['/snap/bin/kubelet'], elf('/usr/bin/snap'), 'a snap (/snap/bin/kubelet)'],
    [['/bin/sh', '-c', 'exec kubelet $TOKEN'], elf('/usr/bin/dash'), '/bin/sh, a shell'],
    [['/usr/bin/kubelet'], { path: '/usr/bin/kubelet', head: '' }, '/usr/bin/kubelet, which is no ELF file'],
    [
      ['/usr/bin/kubelet'],
      elf('/opt/hyperkube'),
      '/usr/bin/kubelet (a link to /opt/hyperkube), another program',
    ],
    [['/usr/bin/hyperkube', 'kubelet'], elf('/usr/bin/hyperkube'), '/usr/bin/hyperkube, another program'],
  ])('%j is named as what it is', (execStart, file, text) => {
    expect(programText(execStart, file)).toBe(text);
  });

  it('no further word of ExecStart= is shown, which may be a secret', () => {
    expect(programText(['/usr/bin/docker', '--token=s3cret'], elf('/usr/bin/docker'))).toBe(
      'a container (docker)',
    );
  });
});
