import { describe, expect, test } from 'vitest';
import type { AgentState } from '../../../agent/node/state/state-store.ts';
import { observe, type Observation, type ObservePorts } from '../../../agent/node/observe/observe.ts';
import { CONFIG_FILE, ENVIRONMENT_FILE, FakeHost } from '../../../scripts/fakes/fake-host.ts';

async function seen(ports: ObservePorts, started?: AgentState['started']): Promise<Observation> {
  const observation = await observe(ports, started);
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
