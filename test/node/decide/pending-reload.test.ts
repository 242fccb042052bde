import { describe, expect, test } from 'vitest';
import { KEYS } from '../../../agent/names.ts';
import { CONFIG_FILE, ENVIRONMENT_FILE, FakeHost, fakeProgram } from '../../../scripts/fakes/fake-host.ts';
import { atRest, startedAgent } from '../started-agent.ts';

const POLICY = { allowedUnsafeSysctls: 'net.core.somaxconn', nodeSoakSeconds: '0' };
const FRAGMENT = '/usr/lib/systemd/system/kubelet.service';
const DROP_IN = '/etc/systemd/system/kubelet.service.d/20-x.conf';
const UNIT = `[Service]
Environment=KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml
EnvironmentFile=-/etc/default/kubelet
ExecStart=/usr/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS
`;
const RIGHT = 'KUBELET_EXTRA_ARGS=--allowed-unsafe-sysctls=net.core.somaxconn\n';

/** A host on whose disk a drop-in was written and not loaded. */
function hostWith(dropIn: string, file = 'KUBELET_EXTRA_ARGS=--v=3\n'): FakeHost {
  const host = new FakeHost({ [ENVIRONMENT_FILE]: file, [FRAGMENT]: UNIT, [DROP_IN]: dropIn }).startKubelet();
  host.needsReload = true;
  return host;
}

describe('a pending daemon-reload', () => {
  test.each([
    [
      'lets another file assign the variable',
      '[Service]\nEnvironmentFile=-/etc/sysconfig/kubelet\n',
      /EnvironmentFile= \/etc\/default\/kubelet, \/etc\/sysconfig\/kubelet in place of \/etc\/default\/kubelet\. After a daemon-reload the place of KUBELET_EXTRA_ARGS is \/etc\/sysconfig\/kubelet/u,
    ],
    [
      'adds an ExecStart= without an empty one before it',
      '[Service]\nExecStart=/usr/bin/kubelet --v=4\n',
      /2 ExecStart= in place of one.*systemd would not start the unit/u,
    ],
    [
      'takes the variable out of ExecStart=',
      '[Service]\nExecStart=\nExecStart=/usr/bin/kubelet --v=4\n',
      /ExecStart=\/usr\/bin\/kubelet --v=4\. After a daemon-reload the agent could not change this node/u,
    ],
    [
      'gives the flag to another variable',
      '[Service]\nEnvironment=KUBELET_KUBEADM_ARGS=--allowed-unsafe-sysctls=kernel.sem\n',
      /another Environment= of KUBELET_KUBEADM_ARGS\. After a daemon-reload the kubelet would start with/u,
    ],
  ])('blocks the change when it %s, until it is loaded', async (_what, dropIn, reason) => {
    const host = hostWith(dropIn);
    host.files.set('/etc/sysconfig/kubelet', 'KUBELET_EXTRA_ARGS=--v=4\n');

    const agent = await startedAgent(host, POLICY);

    expect(host.annotations[KEYS.state]).toBe('Blocked');
    expect(host.annotations[KEYS.reason]).toMatch(reason);
    expect(host.annotations[KEYS.reason]).toContain('systemctl daemon-reload');
    expect(host.files.get(ENVIRONMENT_FILE)).toBe('KUBELET_EXTRA_ARGS=--v=3\n');
    expect(host.actions).not.toContain('arm');

    host.needsReload = false;
    host.dropInPaths = [DROP_IN];
    agent.hostChanged();
    host.advance(100);
    await atRest();
    expect(host.annotations[KEYS.state]).toBe('Done');
  });

  test('blocks the change also when systemd does not notice it, because the folder of the drop-in is new', async () => {
    const host = hostWith('[Service]\nExecStart=/usr/bin/kubelet --v=4\n');
    host.needsReload = false;

    await startedAgent(host, POLICY);

    expect(host.annotations[KEYS.state]).toBe('Blocked');
    expect(host.annotations[KEYS.reason]).toContain('2 ExecStart= in place of one');
  });

  test.each([
    ['the same settings', '[Service]\nEnvironmentFile=\nEnvironmentFile=-/etc/default/kubelet\n'],
    ['another variable of the environment', '[Service]\nEnvironment=HTTP_PROXY=http://10.0.0.1\n'],
    ['a limit', '[Service]\nMemoryMax=1G\n'],
    ['the order of units', '[Unit]\nAfter=network.target\n'],
  ])('does not block the change when it only has %s', async (_what, dropIn) => {
    const host = hostWith(dropIn);

    await startedAgent(host, POLICY);

    expect(host.annotations[KEYS.state]).toBe('Done');
  });

  test('does not block the change of a kubelet that another program executes', async () => {
    const wrapper = '/usr/local/bin/kubenswrapper';
    const host = new FakeHost({
      [ENVIRONMENT_FILE]: 'KUBELET_EXTRA_ARGS=--v=3\n',
      [FRAGMENT]: UNIT.replace('ExecStart=', `ExecStart=${wrapper} `),
      [DROP_IN]: '[Service]\nEnvironmentFile=-/etc/proxy\n',
    });
    host.programs[wrapper] = fakeProgram(wrapper);
    host.startKubelet();
    host.execStart = [wrapper, ...host.execStart];
    host.needsReload = true;

    await startedAgent(host, POLICY);

    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(host.annotations[KEYS.reason]).not.toContain('daemon-reload');
    expect(host.restarts).toBe(1);
  });

  test('blocks the change of the agent’s drop-in when it takes --config-dir away', async () => {
    const folder = '/etc/kubelet.d';
    const host = new FakeHost({
      [FRAGMENT]: `[Service]\nExecStart=/usr/bin/kubelet --config=${CONFIG_FILE} --config-dir=${folder}\n`,
      [DROP_IN]: `[Service]\nExecStart=\nExecStart=/usr/bin/kubelet --config=${CONFIG_FILE}\n`,
      [`${folder}/10-x.conf`]:
        'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nmaxPods: 9\n',
    });
    host.execStart = ['/usr/bin/kubelet', `--config=${CONFIG_FILE}`, `--config-dir=${folder}`];
    host.environment = [];
    host.environmentFiles = [];
    host.needsReload = true;
    host.startKubelet();

    await startedAgent(host, POLICY);

    expect(host.annotations[KEYS.state]).toBe('Blocked');
    expect(host.annotations[KEYS.reason]).toContain(
      'After a daemon-reload the agent could not change this node',
    );
  });

  test('is named on a node that is Done when the next start would lack the list', async () => {
    const host = hostWith('[Service]\nEnvironmentFile=-/etc/sysconfig/kubelet\n', RIGHT);
    host.files.set('/etc/sysconfig/kubelet', 'KUBELET_EXTRA_ARGS=--v=4\n');

    await startedAgent(host, POLICY);

    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(host.annotations[KEYS.reason]).toMatch(
      /After a daemon-reload the next start of the kubelet would not allow net\.core\.somaxconn\.$/u,
    );
    expect(host.actions).not.toContain('arm');
  });
});

describe('a unit that systemd would not start again', () => {
  test.each([
    ['bad-setting', 2, /has 2 ExecStart= in force \(LoadState=bad-setting\).*empty ExecStart=/u],
    ['bad-setting', 1, /cannot be loaded \(LoadState=bad-setting\).*systemctl status kubelet\.service/u],
    ['error', 1, /cannot be loaded \(LoadState=error\)/u],
  ])(
    'blocks the node when its load state is %s, with %i ExecStart=',
    async (loadState, execStarts, reason) => {
      const host = new FakeHost().startKubelet();
      Object.assign(host, { loadState, execStarts });

      await startedAgent(host, POLICY);

      expect(host.annotations[KEYS.state]).toBe('Blocked');
      expect(host.annotations[KEYS.reason]).toMatch(reason);
      expect(host.annotations[KEYS.reason]).toContain('systemctl daemon-reload');
      expect(host.actions).not.toContain('arm');
      Object.assign(host, { loadState: 'loaded', execStarts: 1 });
      host.advance(6000);
      await atRest();
      expect(host.annotations[KEYS.state]).toBe('Done');
    },
  );
});
