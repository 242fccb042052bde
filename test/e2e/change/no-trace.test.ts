// mode: Restore and `kubectl delete -k`: the host as if there had never been an agent.

import { afterAll, expect, inject, it } from 'vitest';
import { applyManifests, awaitRollout, deleteManifests } from '../../../scripts/install/install.ts';
import { silent } from '../../../scripts/bed/util/progress.ts';
import { newNode } from '../../../scripts/matrix/nodes.ts';
import { clearPolicy, setKeys, setList } from '../../../scripts/node/policy.ts';
import { differences, type RootFileSystem, rootFileSystem } from '../support/node/root-file-system.ts';
import { type TestNode, testNode } from '../../../scripts/node/test-node.ts';
import { e2eWorld } from '../support/bed.ts';
import type { World } from '../../../scripts/node/world.ts';

const NODES = [
  { name: 'bare', layout: 'deb-missing' },
  { name: 'full', layout: 'deb-full' },
] as const;
const NAME = 'net.core.somaxconn';
const OTHER = 'kernel.msgmax';
/** The test makes two nodes and removes all agents twice; a timeout in the middle would leave other tests without agents. */
const TIMEOUT_MS = 900_000;

afterAll(async () => {
  const world = await e2eWorld();
  await applyManifests(groundOf(world));
  await awaitRollout((args, options) => world.bed.kubectl(args, options));
  await clearPolicy(world);
  for (const { name } of NODES) {
    if (world.bed.nodes.some((node) => node.name === name)) await world.bed.removeNode(name);
  }
});

it(
  'after mode: Restore and kubectl delete -k, nothing on the disk of a node differs from before the first agent',
  async () => {
    const world = await e2eWorld();
    await clearPolicy(world);
    await deleteManifests(groundOf(world));
    await Promise.all(NODES.map((spec) => world.bed.addNode(newNode(spec), silent)));
    const nodes = NODES.map(({ name }) => testNode(world, name));
    const before = await Promise.all(nodes.map(lookAt));

    await applyManifests(groundOf(world));
    for (const names of [[NAME], [NAME, OTHER], [OTHER]]) {
      for (const { name } of nodes) await setList(world, name, names);
      await Promise.all(nodes.map((node) => node.awaitDone(names)));
    }
    const changed = await Promise.all(nodes.map(lookAt));
    expect(differences(before[0] ?? new Map(), changed[0] ?? new Map()).join('\n')).toContain(
      '/etc/default/kubelet',
    );
    expect(differences(before[1] ?? new Map(), changed[1] ?? new Map()).join('\n')).toContain(
      '/etc/default/kubelet',
    );

    await setKeys(world, { mode: 'Restore' });
    await Promise.all(nodes.map((node) => node.awaitDone([])));
    await deleteManifests(groundOf(world));

    const after = await Promise.all(nodes.map(lookAt));
    for (const [index, then] of before.entries()) {
      expect(differences(then, after[index] ?? new Map())).toEqual([]);
    }
    for (const node of nodes) {
      const { stdout } = await node.exec([
        'systemctl',
        'list-units',
        '--all',
        '--no-legend',
        '*sysctl-agent*',
      ]);
      expect(stdout).toBe('');
      const found = await node.exec(['find', '/run', '/tmp', '/var/tmp', '-xdev', '-name', '*sysctl-agent*']);
      expect(found.stdout).toBe('');
      expect((await node.kubelet()).activeState).toBe('active');
    }
  },
  TIMEOUT_MS,
);

function groundOf({ bed }: World): Parameters<typeof applyManifests>[0] {
  return {
    kubectl: (args, options) => bed.kubectl(args, options),
    agentImage: inject('e2eAgentImage'),
  };
}

function lookAt({ bedNode }: TestNode): Promise<RootFileSystem> {
  return rootFileSystem(bedNode);
}
