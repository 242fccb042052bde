import { describe, expect, test } from 'vitest';
import type { AgentState } from '../../../agent/node/state/state-store.ts';
import type { Program } from '../../../agent/node/ports.ts';
import {
  observe,
  type Intent,
  type Observation,
  type ObservePorts,
} from '../../../agent/node/observe/observe.ts';
import { CONFIG_FILE, ENVIRONMENT_FILE, fakeProgram, FakeHost } from '../../../scripts/fakes/fake-host.ts';

const INTENT: Intent = { mayChange: true, refusal: () => undefined, written: [] };

async function seen(ports: ObservePorts, started?: AgentState['started']): Promise<Observation> {
  const observation = await observe(ports, started, INTENT);
  if (observation.kind !== 'seen') {
    throw new Error(`Expected the node to be observed, got ${observation.reason}`);
  }
  return observation;
}

describe('the health of the running kubelet', () => {
  test.each([
    ['one answer is missing', 1, true],
    ['three answers in a row are missing', 3, false],
  ])('when %s the kubelet counts as healthy: %s', async (_title, misses, healthy) => {
    const host = new FakeHost().startKubelet();
    let left = misses;
    host.healthy = () => {
      left -= 1;
      return left < 0;
    };

    expect((await seen(host.ports())).healthy).toBe(healthy);
  });

  test('is asked alone, after the agent’s other reads: on a slow machine those delay the answer', async () => {
    const host = new FakeHost().startKubelet();
    const ports = host.ports();
    let reading = 0;
    const slowly = async <R>(read: () => Promise<R>): Promise<R> => {
      reading += 1;
      await new Promise((resolve) => setImmediate(resolve));
      reading -= 1;
      return read();
    };
    const files: typeof ports.files = {
      ...ports.files,
      read: (path) => slowly(() => ports.files.read(path)),
      shortage: (path, bytes) => slowly(() => ports.files.shortage(path, bytes)),
      changedAt: (path) => slowly(() => ports.files.changedAt(path)),
    };
    const whileReading: number[] = [];
    const health = {
      ok: async () => {
        whileReading.push(reading);
        return true;
      },
    };

    await seen({ ...ports, files, health });

    expect(whileReading).toEqual([0]);
  });

  test('is read from the process’s own address, not from that of the next start', async () => {
    const host = new FakeHost().startKubelet();
    host.environment = [...host.environment, 'KUBELET_KUBEADM_ARGS=--healthz-port=0'];
    host.healthy = () => false;

    const observation = await seen(host.ports());

    expect(observation.healthz).toBeUndefined();
    expect(observation.healthy).toBe(false);
  });
});

describe('what the running kubelet was started with', () => {
  const LIST = 'allowedUnsafeSysctls: [kernel.msgmax]\n';

  test('is the list of its config file when the file is older than the process', async () => {
    const host = new FakeHost({ [CONFIG_FILE]: LIST });
    host.advance(1000);
    host.startKubelet();

    expect((await seen(host.ports())).running).toEqual(['kernel.msgmax']);
  });

  test.each([
    ['written', (host: FakeHost) => host.files.set(CONFIG_FILE, '')],
    ['removed', (host: FakeHost) => host.files.delete(CONFIG_FILE)],
  ])('is not known when the config file was %s after the start', async (_how, edit) => {
    const host = new FakeHost({ [CONFIG_FILE]: LIST });
    host.advance(1000);
    host.startKubelet();
    host.advance(1000);
    edit(host);

    const observation = await seen(host.ports());

    expect(observation.running).toBeUndefined();
    expect(observation.runs).toBe(true);
  });

  test('is what was saved for its InvocationID, also when the config file has changed since', async () => {
    const host = new FakeHost({ [CONFIG_FILE]: LIST }).startKubelet();
    const { status } = await seen(host.ports());
    host.files.set(CONFIG_FILE, '');
    const started = { invocation: status.invocationId, running: ['kernel.msgmax'] };

    expect((await seen(host.ports(), started)).running).toEqual(['kernel.msgmax']);
    host.startKubelet();
    expect((await seen(host.ports(), started)).running).not.toEqual(['kernel.msgmax']);
  });

  test('is the list of its own arguments, also when a config file was edited', async () => {
    const host = new FakeHost({ [CONFIG_FILE]: LIST });
    host.files.set(ENVIRONMENT_FILE, 'KUBELET_EXTRA_ARGS=--allowed-unsafe-sysctls=kernel.sem\n');
    host.startKubelet();
    host.advance(1000);
    host.files.set(CONFIG_FILE, '');

    expect((await seen(host.ports())).running).toEqual(['kernel.sem']);
  });
});

describe('environment files', () => {
  test('are read concurrently, and keep systemd’s order', async () => {
    const host = new FakeHost({ '/a': 'A=1\n', '/b': 'B=1\n' }).startKubelet();
    host.environmentFiles = ['/a', '/b'].map((path) => ({ path, optional: true }));
    const ports = host.ports();
    const paths: string[] = [];
    const second = Promise.withResolvers<void>();
    const read: typeof ports.files.read = async (path) => {
      paths.push(path);
      if (path === '/b') {
        second.resolve();
      }
      await second.promise;
      return ports.files.read(path);
    };

    const { unit } = await seen({ ...ports, files: { ...ports.files, read } });

    expect(paths.slice(0, 2)).toEqual(['/a', '/b']);
    expect(unit.environmentFiles.map(({ path }) => path)).toEqual(['/a', '/b']);
  });
});

async function asked(host: FakeHost, mayChange: boolean): Promise<readonly string[]> {
  await observe(host.ports(), undefined, { ...INTENT, mayChange });
  return host.asked;
}

const refusalAt = (at: string, pid: string): string =>
  `E1129 ${at}    ${pid} run.go:72] "command failed" err="unknown flag: --allowed-unsafe-sysctls"`;

describe('the binary that is asked for its version', () => {
  const KUBELET = '/usr/bin/kubelet';
  const OLD: Program = { ...fakeProgram(KUBELET), opened: '/proc/1001/exe', file: 'old', version: 'old' };

  test('is that of the next start where a change may follow', async () => {
    expect(await asked(new FakeHost().startKubelet(), true)).toEqual([KUBELET]);
    expect(await asked(new FakeHost(), true)).toEqual([KUBELET]);
  });

  test('is that of the running kubelet where nothing may be changed, also when an upgrade has replaced its file', async () => {
    const host = new FakeHost().startKubelet();
    host.programs['old'] = OLD;
    host.executable = 'old';

    expect(await asked(host, false)).toEqual(['/proc/1001/exe']);
    expect(await asked(host, true)).toEqual(['/proc/1001/exe', KUBELET]);
  });

  test('is none where nothing may be changed and no kubelet runs', async () => {
    const host = new FakeHost();

    const observation = await observe(host.ports(), undefined, { ...INTENT, mayChange: false });

    expect(host.asked).toEqual([]);
    expect(observation).toMatchObject({ kind: 'unobservable', state: 'Observing' });
  });

  test('is that of the running kubelet on a node that no change can help', async () => {
    const host = new FakeHost();
    const intent = { mayChange: true, refusal: () => 'No plan could.', written: [] };
    const down = await observe(host.ports(), undefined, intent);
    expect(down).toMatchObject({ kind: 'unobservable', state: 'Unreconcilable' });
    expect(host.asked).toEqual([]);

    host.startKubelet();
    host.programs['old'] = OLD;
    host.executable = 'old';
    await observe(host.ports(), undefined, intent);
    expect(host.asked).toEqual(['/proc/1001/exe']);
  });

  test.each([
    ['/opt/azure/containers/start-kubelet.sh', '#!/bin/bash\n'],
    ['/usr/bin/docker', '\u{7F}ELF'],
    [KUBELET, '#!/bin/sh\n'],
  ])('is none where ExecStart= starts %s (%j), and the reason names it', async (path, head) => {
    const host = new FakeHost();
    host.execStart = [path, 'run', '$KUBELET_EXTRA_ARGS'];
    host.programs[path] = fakeProgram(path, head);
    host.executable = path;
    host.startKubelet();
    host.advance(60_000);

    const observation = await observe(host.ports(), undefined, INTENT);

    expect(host.asked).toEqual([]);
    expect(observation).toMatchObject({ kind: 'unobservable', state: 'Unreconcilable' });
    expect(observation).toHaveProperty(
      'reason',
      expect.stringMatching(/^Expected ExecStart= of kubelet\.service to start a kubelet/u),
    );
  });

  test('says why it refuses the flag in one line that is the same at each start', async () => {
    const host = new FakeHost().startKubelet();
    const ports = host.ports();
    const refusing = (line: string): ObservePorts => ({
      ...ports,
      processes: {
        ...ports.processes,
        kubeletVersion: async () => ({
          ok: false,
          output: `W1129 some warning\n${line}\nUsage:\n${'x'.repeat(2000)}`,
        }),
      },
    });

    const first = await observe(refusing(refusalAt('00:01:02.000003', '4242')), undefined, INTENT);
    const later = await observe(refusing(refusalAt('00:09:09.123456', '4300')), undefined, INTENT);

    expect(first).toMatchObject({ state: 'Unreconcilable' });
    expect(first).toHaveProperty('reason', expect.stringContaining('unknown flag: --allowed-unsafe-sysctls'));
    expect(first).toHaveProperty('reason', expect.not.stringContaining('Usage'));
    expect(later).toEqual(first);
  });
});

function withUnits(host: FakeHost, units: Readonly<Record<string, readonly string[]>>): ObservePorts {
  const ports = host.ports();
  return {
    ...ports,
    systemd: {
      ...ports.systemd,
      services: async () => Object.keys(units),
      status: async (name) => {
        const execStart = units[name];
        const status = await ports.systemd.status(name);
        return execStart === undefined
          ? { ...status, loadState: 'not-found', execStart: [], mainPid: 0 }
          : { ...status, loadState: 'loaded', execStart };
      },
    },
  };
}

describe('a unit other than kubelet.service', () => {
  test.each([
    ['kubelet-healthcheck.service', '/usr/bin/kubelet-healthcheck.sh', '#!/bin/sh\n'],
    ['kubelet-config-watcher.service', '/usr/bin/inotifywait', '\u{7F}ELF'],
    ['prometheus-kubelet-exporter.service', '/usr/bin/kubelet-exporter', '\u{7F}ELF'],
    ['snap.kubelet.daemon.service', '/usr/bin/snap', '\u{7F}ELF'],
  ])('is not taken for the kubelet’s because of its name: %s', async (name, path, head) => {
    const host = new FakeHost();
    host.programs[path] = fakeProgram(path, head);
    host.executable = path;
    host.startKubelet();
    host.advance(60_000);

    const observation = await observe(withUnits(host, { [name]: [path, 'run'] }), undefined, INTENT);

    expect(observation).toMatchObject({ kind: 'unobservable', state: 'Unreconcilable' });
    expect(observation).toHaveProperty('reason', expect.stringContaining(`found ${name} (which starts `));
    expect(host.asked).toEqual([]);
  });

  test('is the kubelet’s when it alone starts one, beside others that are named after it', async () => {
    const host = new FakeHost().startKubelet();
    host.programs['/usr/bin/check'] = fakeProgram('/usr/bin/check', '#!/bin/sh\n');

    const observation = await seen(
      withUnits(host, {
        'kubelet-check.service': ['/usr/bin/check'],
        'my-kubelet.service': ['/usr/bin/kubelet', '$KUBELET_EXTRA_ARGS'],
      }),
    );

    expect(observation.status.name).toBe('my-kubelet.service');
  });

  test('is not chosen among two that start a kubelet', async () => {
    const host = new FakeHost().startKubelet();
    const units = { 'kubelet-a.service': ['/usr/bin/kubelet'], 'kubelet-b.service': ['/usr/bin/kubelet'] };

    expect(await observe(withUnits(host, units), undefined, INTENT)).toMatchObject({
      state: 'Unreconcilable',
      reason: expect.stringContaining('kubelet-a.service, kubelet-b.service'),
    });
  });
});
