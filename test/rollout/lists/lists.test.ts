import { describe, expect, it } from 'vitest';
import { parsePolicy } from '../../../agent/policy/parse.ts';
import type { Policy } from '../../../agent/policy/policy.ts';
import type { FleetNode } from '../../../agent/rollout/fleet.ts';
import { LISTS_KEYS, listsOf } from '../../../agent/rollout/lists/lists.ts';
import { listsPublisher } from '../../../agent/rollout/lists/publisher.ts';
import { FakeFleet } from '../fake-fleet.ts';

function policyOf(data: Readonly<Record<string, string>>): Policy {
  const result = parsePolicy(data);
  if (!result.ok) throw new Error(result.errors.map(({ message }) => message).join());
  return result.policy;
}

const POLICY = policyOf({
  allowedUnsafeSysctls: 'net/core/somaxconn, kernel.shm*, net.ipv4.conf.*, net/ipv4/conf/eth0.1/forwarding',
  profiles:
    '- name: db\n  nodeSelector: {pool: db}\n  allowedUnsafeSysctls: [kernel.sem, net.core.somaxconn]\n',
});

function nodes(...more: readonly Partial<FleetNode>[]): readonly FleetNode[] {
  const fleet = new FakeFleet();
  return more.map((one, index) => fleet.put(`n${index}`, one).node);
}

const lines = (text: string): readonly string[] => text.split('\n');

const safe = (...more: readonly Partial<FleetNode>[]): readonly string[] =>
  lines(listsOf(POLICY, nodes(...more)).safe);

function scene() {
  const fleet = new FakeFleet();
  const clock = { ms: 0 };
  const warnings: string[] = [];
  const log = { info: () => undefined, warn: (_facts: object, message: string) => warnings.push(message) };
  const publisher = listsPublisher(fleet, { monotonicMs: () => clock.ms }, log, () => true);
  return { fleet, clock, warnings, publisher };
}

describe('the lists for admission policies', () => {
  it('have the names with a label, other names, and what patterns cover', () => {
    const lists = listsOf(POLICY, nodes({}));
    expect(Object.keys(lists)).toEqual([...LISTS_KEYS]);
    expect(lists).toMatchObject({ mode: 'Enforce', complete: 'true' });
    expect(lines(lists.labelled)).toEqual(['kernel.sem', 'net.core.somaxconn']);
    expect(lines(lists.unlabelled)).toEqual(['net.ipv4.conf.eth0/1.forwarding']);
    expect(lines(lists.prefixes)).toEqual(['kernel.shm', 'net.ipv4.conf.']);
    expect(lines(lists.never)).toContain('net.core.rmem_max');
  });

  it('count as safe only what every kubelet and kernel of the cluster lets pods set', () => {
    const newest = { kubelet: 'v1.37.2', kernel: '6.1.0' };
    expect(safe(newest)).toContain('net.ipv4.tcp_notsent_lowat');
    expect(safe(newest, { kubelet: 'v1.31.0', kernel: '6.1.0' })).not.toContain('net.ipv4.tcp_rmem');
    expect(safe(newest, { kubelet: 'v1.37.2', kernel: '4.5.1' })).not.toContain('net.ipv4.tcp_fin_timeout');
    expect(safe({ kubelet: 'v1.29.0', kernel: '3.10.0' })).toContain('net.ipv4.tcp_syncookies');
  });

  it('have what another party has configured on some node', () => {
    const lists = listsOf(POLICY, nodes({ unmanaged: ['kernel/msgmax', 'fs.mqueue.*'] }, {}));
    expect(lines(lists.unlabelled)).toContain('kernel.msgmax');
    expect(lines(lists.prefixes)).toContain('fs.mqueue.');
  });

  it('are bounded, and say when they are not complete', () => {
    const many = Array.from({ length: 20_000 }, (_, index) => `net.core.name_${index}`);
    const lists = listsOf(POLICY, nodes({ unmanaged: many }));
    expect(lists.complete).toBe('false');
    expect(JSON.stringify(lists).length).toBeLessThan(80_000);
  });
});

describe('the ConfigMap of the lists', () => {
  it('is created, and written again only when the lists change', async () => {
    const { fleet, publisher } = scene();
    await publisher.publish(POLICY, nodes({}));
    await publisher.publish(POLICY, nodes({ reason: 'another' }, {}));
    expect(fleet.listWrites).toBe(1);
    await publisher.publish(policyOf({ allowedUnsafeSysctls: 'kernel.sem' }), nodes({}));
    expect(fleet.listWrites).toBe(2);
    expect(fleet.lists?.data['labelled']).toBe('kernel.sem');
  });

  it('stays as it is while no policy is valid', async () => {
    const { fleet, publisher } = scene();
    await publisher.publish(POLICY, nodes({}));
    expect(await publisher.publish(undefined, nodes({}))).toBeUndefined();
    expect(fleet.listWrites).toBe(1);
  });

  it('is written again within ten minutes after a person has deleted it', async () => {
    const { fleet, clock, publisher } = scene();
    await publisher.publish(POLICY, nodes({}));
    fleet.lists = undefined;
    clock.ms = 600_001;
    await publisher.publish(POLICY, nodes({}));
    expect(fleet.lists).toBeDefined();
  });

  it('is retried when it could not be written, and does not reject', async () => {
    const { fleet, warnings, publisher } = scene();
    fleet.onLists = () => {
      throw new Error('the API server is away');
    };
    expect(await publisher.publish(POLICY, nodes({}))).toBe(5000);
    expect(warnings.length).toBe(1);
    fleet.onLists = () => {};
    expect(await publisher.publish(POLICY, nodes({}))).toBeUndefined();
    expect(fleet.listWrites).toBe(1);
  });
});
