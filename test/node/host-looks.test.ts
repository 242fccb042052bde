import { beforeEach, describe, expect, test } from 'vitest';
import { createHostLooks, type HostLooks } from '../../agent/node/host-looks.ts';
import type { Observation, Unobservable } from '../../agent/node/observe.ts';
import { CONFIG_FILE, ENVIRONMENT_FILE, FakeHost } from './fake-host.ts';

const BEFORE = 'KUBELET_EXTRA_ARGS=--v=3\n';
const AFTER = 'KUBELET_EXTRA_ARGS=--v=4\n';

let host: FakeHost;
let looks: HostLooks;
let last: Observation | Unobservable | undefined;
/** How often systemd was asked about the unit. */
let asked: number;
/** What cannot be watched. */
let unwatchable: Error | undefined;

beforeEach(() => {
  host = new FakeHost({ [ENVIRONMENT_FILE]: BEFORE }).startKubelet();
  [last, asked, unwatchable] = [undefined, 0, undefined];
  const ports = host.ports();
  const status: typeof ports.systemd.status = (unit) => {
    asked += 1;
    return ports.systemd.status(unit);
  };
  const watchPaths = (): Promise<void> =>
    unwatchable === undefined ? Promise.resolve() : Promise.reject(unwatchable);
  looks = createHostLooks({
    ...ports,
    systemd: { ...ports.systemd, status },
    watch: { watchPaths, close: () => {} },
  });
});

/** One look, as the agent makes it: with the watch after it. True when systemd was asked. */
async function look(): Promise<boolean> {
  asked = 0;
  const { seen, watch } = await looks.look(last, undefined);
  last = seen;
  await watch().catch(() => {});
  return asked > 0;
}

/** Two looks: the second one is made under the watch of the first. */
async function known(): Promise<Observation> {
  expect([await look(), await look()]).toEqual([true, true]);
  return lastSeen();
}

function lastSeen(): Observation {
  if (last?.kind !== 'seen') {
    throw new Error(`Expected the host to be seen, it is ${last?.kind}`);
  }
  return last;
}

describe('a look at a host that has told of nothing since one under the watch', () => {
  test('asks systemd nothing, and sees what was seen', async () => {
    const before = await known();

    expect(await look()).toBe(false);
    expect(await look()).toBe(false);

    expect(last).toEqual(before);
  });

  test('sees by itself that a disk is full', async () => {
    await known();
    host.shortage = () => ({ kind: 'inodes', mount: '/' });

    expect(await look()).toBe(false);

    expect(lastSeen().shortages).not.toEqual([]);
  });

  test.each<[string, () => void]>([
    ['the kubelet was started anew', () => host.startKubelet()],
    ['the kubelet is not healthy', () => (host.healthy = () => false)],
    ['the kubelet has another binary', () => (host.version = 'Kubernetes v1.36.3')],
    ['the last whole look is ten minutes old', () => host.advance(600_000)],
  ])('asks after all where %s', async (_what, happens) => {
    await known();

    happens();

    expect(await look()).toBe(true);
  });

  test('asks after all once we have changed something ourselves', async () => {
    await known();

    last = undefined;

    expect(await look()).toBe(true);
  });

  test('asks each time while the kubelet does not run', async () => {
    host.crash = () => 'E run.go] "no"';
    host.startKubelet();
    await known();

    expect(await look()).toBe(true);
  });
});

describe('a look at a host whose files cannot all be watched', () => {
  test.each<[string, () => void]>([
    [
      'since a folder holds any number of them',
      () => {
        host.environment = [`KUBELET_CONFIG_ARGS=--config=${CONFIG_FILE} --config-dir=/etc/kubelet.d`];
      },
    ],
    [
      'since a pattern names them',
      () => {
        host.environmentFiles = [{ path: '/etc/default/kubelet*', optional: true }];
      },
    ],
  ])('asks systemd each time, %s', async (_why, isSo) => {
    isSo();
    host.startKubelet();
    await known();

    expect(await look()).toBe(true);
  });
});

describe('a host that has told of a change', () => {
  test('is looked at anew, once', async () => {
    await known();
    host.files.set(ENVIRONMENT_FILE, AFTER);

    looks.changed();

    expect(await look()).toBe(true);
    expect(Buffer.from(lastSeen().unit.environmentFiles[0]?.content ?? '').toString()).toBe(AFTER);
    expect(await look()).toBe(false);
  });

  test('is looked at once more when it tells of the change during a look', async () => {
    await known();
    looks.changed();
    const answer = Promise.withResolvers<void>();
    host.systemdAnswers = () => answer.promise;
    const looking = look();

    looks.changed();
    answer.resolve();

    expect([await looking, await look(), await look()]).toEqual([true, true, false]);
  });
});

describe('a look', () => {
  test('is made anew as long as nothing can be watched', async () => {
    unwatchable = new Error('ENOSPC: no space for watchers');

    expect([await look(), await look(), await look()]).toEqual([true, true, true]);
  });

  test('that finds something else to watch is made anew under its watch', async () => {
    await known();
    host.environmentFiles = [...host.environmentFiles, { path: '/etc/sysconfig/kubelet', optional: true }];
    looks.changed();

    expect([await look(), await look(), await look()]).toEqual([true, true, false]);
  });
});
