import { describe, expect, test } from 'vitest';
import { parseUnitFiles, resolvedBy } from '../../agent/kubelet/unit-files.ts';

const FRAGMENT = `[Unit]
Description=kubelet
[Service]
# a comment
ExecStartPre=-/bin/sh -c 'echo  a'
ExecStart=/usr/bin/kubelet
Environment="A=1 2" B=3
EnvironmentFile=-/etc/default/kubelet
[Install]
WantedBy=multi-user.target
`;

describe('parseUnitFiles', () => {
  test('returns the settings of the section [Service], with those of drop-ins after them', () => {
    expect(parseUnitFiles([FRAGMENT, '[Service]\nEnvironment=A=4\nEnvironmentFile=/etc/more\n'])).toEqual({
      execStart: [['/usr/bin/kubelet']],
      startPre: ['/bin/sh -c echo  a'],
      environment: ['A=1 2', 'B=3', 'A=4'],
      environmentFiles: [
        { path: '/etc/default/kubelet', optional: true },
        { path: '/etc/more', optional: false },
      ],
    });
  });

  test('lets an empty value remove the values before it', () => {
    const dropIn =
      '[Service]\nExecStart=\nExecStart=-/usr/local/bin/kubelet --v=2 \\\n  $KUBELET_EXTRA_ARGS\nEnvironmentFile=\n';

    expect(parseUnitFiles([FRAGMENT, dropIn])).toMatchObject({
      execStart: [['/usr/local/bin/kubelet', '--v=2', '$KUBELET_EXTRA_ARGS']],
      environmentFiles: [],
    });
  });

  test('returns every ExecStart= that is in force', () => {
    expect(parseUnitFiles([FRAGMENT, '[Service]\nExecStart=@/bin/x kubelet --v=2\n']).execStart).toEqual([
      ['/usr/bin/kubelet'],
      ['/bin/x', '--v=2'],
    ]);
  });
});

describe('resolvedBy', () => {
  test.each([
    ['--hostname-override=%H', '--hostname-override=n1.example', '--hostname-override=n1.example'],
    ['--node-ip=%H', '--node-ip', '--node-ip=%H'],
    ['100%%', '100%', '100%'],
    ['--v=2', '--v=3', '--v=2'],
    ['a.b*%H', 'axb*n1', 'a.b*%H'],
    ['%H', undefined, '%H'],
  ])('of %s and the loaded %s is %s', (text, loaded, expected) => {
    expect(resolvedBy(text, loaded)).toBe(expected);
  });
});
