import { describe, expect, test } from 'vitest';
import type { PastChange } from '../../agent/node/memory.ts';
import { observe, type Observation, type ObservePorts } from '../../agent/node/observe.ts';
import { sha256Of } from '../../agent/text/hash.ts';
import { CONFIG_FILE, ENVIRONMENT_FILE, FakeHost } from './fake-host.ts';

const THEIRS = 'KUBELET_EXTRA_ARGS=\n';

async function seen(ports: ObservePorts, known: Parameters<typeof observe>[1] = {}): Promise<Observation> {
  const look = await observe(ports, known);
  if (look.kind !== 'seen') {
    throw new Error(`Expected the node to be seen, got ${look.reason}`);
  }
  return look;
}

/** In order: what systemd and the kubelet were asked. */
function asked(host: FakeHost): { ports: ObservePorts; questions: string[] } {
  const questions: string[] = [];
  const { systemd, health, files, processes, undoSwitch } = host.ports();
  return {
    questions,
    ports: {
      files,
      processes,
      undoSwitch,
      systemd: {
        ...systemd,
        status: (unit) => {
          questions.push('status');
          return systemd.status(unit);
        },
        services: (pattern) => {
          questions.push(`services ${pattern}`);
          return systemd.services(pattern);
        },
      },
      health: {
        ok: (address, port, timeoutMs) => {
          questions.push(`healthz ${address}:${port}`);
          return health.ok(address, port, timeoutMs);
        },
      },
    },
  };
}

describe('the health of the kubelet that runs', () => {
  test('is asked while systemd is, where it answered last', async () => {
    const host = new FakeHost().startKubelet();
    const last = await seen(host.ports());
    const { ports, questions } = asked(host);

    const look = await seen(ports, { last });

    expect(questions).toEqual(['healthz 127.0.0.1:10248', 'status']);
    expect(look.healthy).toBe(true);
  });

  test('is asked where it answers now, when it answered somewhere else last', async () => {
    const host = new FakeHost().startKubelet();
    const last = await seen(host.ports());
    host.environment = [...host.environment, 'KUBELET_KUBEADM_ARGS=--healthz-port=10249'];
    host.startKubelet();
    const { ports, questions } = asked(host);

    const look = await seen(ports, { last });

    expect(questions).toEqual(['healthz 127.0.0.1:10248', 'status', 'healthz 127.0.0.1:10249']);
    expect(look.healthzNow).toEqual({ address: '127.0.0.1', port: 10249 });
  });

  test('is that of the process, not of the next start', async () => {
    const host = new FakeHost().startKubelet();
    host.environment = [...host.environment, 'KUBELET_KUBEADM_ARGS=--healthz-port=0'];
    host.healthy = () => false;

    const look = await seen(host.ports());

    expect(look.healthz).toBeUndefined();
    expect(look.healthy).toBe(false);
  });
});

describe('the services of the host', () => {
  const change: PastChange = {
    at: '2026-11-24T02:00:00Z',
    reason: '',
    revision: 'a',
    file: ENVIRONMENT_FILE,
    before: sha256Of(Buffer.from(THEIRS)),
    after: sha256Of(Buffer.from('ours')),
    from: [],
    to: [],
    result: 'Done',
  };

  test('are asked for only where somebody seems to rewrite the file', async () => {
    const host = new FakeHost({ [ENVIRONMENT_FILE]: THEIRS }).startKubelet();
    host.services = ['puppet.service'];

    const once = asked(host);
    expect((await seen(once.ports, { history: [change] })).services).toEqual([]);
    expect(once.questions).not.toContain('services *');
    expect((await seen(host.ports(), { history: [change, change] })).services).toEqual(['puppet.service']);
  });

  test('are none where systemd does not say', async () => {
    const host = new FakeHost({ [ENVIRONMENT_FILE]: THEIRS }).startKubelet();
    const { ports } = asked(host);
    const systemd = { ...ports.systemd, services: () => Promise.reject(new Error('timed out')) };

    expect((await seen({ ...ports, systemd }, { history: [change, change] })).services).toEqual([]);
  });
});

describe("the kubelet's config file", () => {
  test('is the one of the last look while its bytes are the same, so that it is not parsed again', async () => {
    const host = new FakeHost().startKubelet();
    const last = await seen(host.ports());

    const same = await seen(host.ports(), { last });
    host.files.set(CONFIG_FILE, 'healthzPort: 0\n');
    const other = await seen(host.ports(), { last: same });

    expect(same.config.config).toBe(last.config.config);
    expect(other.healthz).toBeUndefined();
  });
});

describe('environment files', () => {
  test('are read at once, and keep the order in which systemd reads them', async () => {
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
