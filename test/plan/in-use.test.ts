import { fc } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import {
  podsRefused,
  refusedText,
  takenAway,
  type Restart,
  type SysctlPod,
} from '../../agent/plan/in-use.ts';

const pod = (over: Partial<SysctlPod> = {}): SysctlPod => ({
  uid: 'uid-web',
  namespace: 'default',
  name: 'web',
  phase: 'Running',
  taken: true,
  sysctls: ['net.core.somaxconn'],
  hostNetwork: false,
  hostIpc: false,
  ...over,
});

const restart = (over: Partial<Restart> = {}): Restart => ({
  running: ['net.core.somaxconn'],
  next: [],
  kubelet: { major: 1, minor: 37, patch: 2 },
  kernel: { major: 6, minor: 1, patch: 0 },
  ...over,
});

const names = (pods: readonly SysctlPod[], over: Partial<Restart> = {}): readonly string[] =>
  podsRefused(pods, restart(over)).map((refused) => refused.pod);

describe('a pod', () => {
  it('is refused and named when its sysctl leaves the list', () => {
    expect(podsRefused([pod()], restart())).toEqual([
      { uid: 'uid-web', pod: 'default/web', sysctls: ['net.core.somaxconn'] },
    ]);
  });

  it.each([
    ['the name itself', ['net.core.somaxconn']],
    ['the name with slashes', ['net/core/somaxconn']],
    ['a pattern', ['net.core.*']],
  ])('is not refused when the next list has %s', (_title, next) => {
    expect(names([pod(), pod({ name: 'slashes', sysctls: ['net/core/somaxconn'] })], { next })).toEqual([]);
  });

  it('is refused when one of its sysctls is refused, and only that one is named', () => {
    const both = pod({ sysctls: ['kernel.sem', 'net.core.somaxconn', 'net/core/somaxconn'] });
    expect(podsRefused([both], restart({ next: ['kernel.sem'] }))).toEqual([
      { uid: 'uid-web', pod: 'default/web', sysctls: ['net.core.somaxconn'] },
    ]);
  });

  it('is refused for a safe sysctl only on kubelets and kernels where it is not safe', () => {
    const safeNow = pod({ sysctls: ['net.ipv4.tcp_rmem'] });
    expect(names([safeNow])).toEqual([]);
    expect(names([safeNow], { kubelet: { major: 1, minor: 31, patch: 0 } })).toEqual(['default/web']);
    expect(names([safeNow], { kernel: { major: 4, minor: 14, patch: 0 } })).toEqual(['default/web']);
  });

  it.each(['Succeeded', 'Failed'])('is not refused when its phase is %s', (phase) => {
    expect(names([pod({ phase })])).toEqual([]);
  });

  it.each(['Pending', 'Running', 'Unknown'])(
    'is refused when the kubelet admitted it and its phase is %s',
    (phase) => {
      expect(names([pod({ phase })])).toEqual(['default/web']);
    },
  );

  it('is refused when it was admitted although the known running list lacks its sysctl', () => {
    expect(names([pod()], { running: [] })).toEqual(['default/web']);
  });

  it('is refused before its admission only when the running kubelet would admit it', () => {
    const coming = pod({ phase: 'Pending', taken: false });
    expect(names([coming])).toEqual(['default/web']);
    expect(names([coming], { running: undefined })).toEqual(['default/web']);
    expect(names([coming], { running: ['kernel.sem'] })).toEqual([]);
  });

  it.each([
    ['net.* on the network of the host', { hostNetwork: true }],
    ['IPC on the IPC of the host', { hostIpc: true, sysctls: ['kernel.shmmax'] }],
    ['a message queue on the IPC of the host', { hostIpc: true, sysctls: ['fs/mqueue/msg_max'] }],
  ])('is not counted when the running kubelet refuses it too: %s', (_title, over) => {
    expect(names([pod(over)])).toEqual([]);
  });

  it.each([
    ['IPC on the network of the host', { hostNetwork: true, sysctls: ['kernel.shmmax'] }],
    ['net.* on the IPC of the host', { hostIpc: true }],
  ])('is counted with %s', (_title, over) => {
    expect(names([pod(over)])).toEqual(['default/web']);
  });
});

describe('several pods', () => {
  const pods = ['c', 'a', 'b'].map((name) => pod({ name }));

  it('are sorted, whatever the order in which the API server lists them', () => {
    expect(names(pods)).toEqual(['default/a', 'default/b', 'default/c']);
    expect(names(pods.toReversed())).toEqual(names(pods));
  });

  it('are named up to five, and the rest is counted', () => {
    const many = Array.from({ length: 8 }, (_, n) => ({
      uid: `uid-${n}`,
      pod: `ns/p${n}`,
      sysctls: ['kernel.sem', 'net.a'],
    }));
    expect(refusedText(many)).toMatch(
      /^ns\/p0: kernel\.sem, net\.a; .*ns\/p4: kernel\.sem, net\.a; and 3 more$/u,
    );
    expect(refusedText(many.slice(0, 5))).not.toContain('more');
  });
});

describe('takenAway', () => {
  it('returns what is running, is not covered by the next list, and is not safe', () => {
    const running = ['net.core.*', 'kernel.sem', 'net.ipv4.ip_unprivileged_port_start', 'kernel.shmmax'];
    expect(takenAway(restart({ running, next: ['net.core.somaxconn', 'kernel.shm*'] }))).toEqual([
      'net.core.*',
      'kernel.sem',
    ]);
  });

  const pool = fc.constantFrom('net.*', 'net.core.*', 'net.core.somaxconn', 'kernel.sem', 'kernel.shm*');
  const uses = fc.constantFrom('net.core.somaxconn', 'net.core.wmem_max', 'kernel.sem', 'kernel.shmmax');
  it('is never empty when the restart would end a pod that the running kubelet admitted', () => {
    fc.assert(
      fc.property(
        fc.array(pool),
        fc.array(pool),
        fc.array(uses, { minLength: 1 }),
        (running, next, sysctls) => {
          const lists = restart({ running, next });
          const taken = podsRefused([pod({ sysctls })], restart({ running, next: running })).length === 0;
          fc.pre(taken && podsRefused([pod({ sysctls })], lists).length > 0);
          expect(takenAway(lists)).not.toEqual([]);
        },
      ),
    );
  });
});
