// mode: Restore, `kubectl sysctls wait` and `kubectl delete -k`, in the middle of a rollout: the host as if there had never been an agent.

import { join } from 'node:path';
import { afterAll, expect, inject, it } from 'vitest';
import { stringify } from 'yaml';
import { applyManifests, awaitRollout, deleteManifests } from '../../../scripts/install/install.ts';
import { run } from '../../../scripts/bed/build/run.ts';
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
const LABEL = 'e2e-no-trace';
const PLUGIN = join(import.meta.dirname, '..', '..', '..', 'agent', 'kubectl.ts');
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
  'after mode: Restore in the middle of a rollout, wait, and kubectl delete -k, nothing on the disk of a node differs from before the first agent',
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

    await interruptRollout(world, nodes);
    await setKeys(world, { mode: 'Restore', canary: '0' });
    // Other nodes of the bed may be unable to change.
    const { stdout: said } = await waited(world);
    expect(said).toMatch(/^Done: [^]*(?:Nothing of the agents is left on any host\.|would leave)/u);
    expect(said).not.toMatch(new RegExp(` on .*\\b(?:${NODES.map(({ name }) => name).join('|')})\\b`, 'u'));
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

/** Resolves when the canary has another list, and the other node waits for the end of its soak. */
async function interruptRollout(world: World, nodes: readonly TestNode[]): Promise<void> {
  const names = NODES.map(({ name }) => name);
  const list = { name: 'both', nodeSelector: { [LABEL]: 'yes' }, allowedUnsafeSysctls: [NAME, OTHER] };
  await world.bed.kubectl(['label', 'node', ...names, `${LABEL}=yes`]);
  const pace = { rollout: 'Coordinated', canary: '1', soakSeconds: '600' };
  await setKeys(world, { ...pace, profiles: stringify([list]) });
  const [canary] = nodes;
  await canary?.awaitDone([NAME, OTHER]);
}

/** `kubectl sysctls wait`, as docs/how-to/uninstall.md has it. */
function waited({ bed }: World): ReturnType<typeof run> {
  const command = [process.execPath, PLUGIN, 'wait', '--timeout', '3m', '--kubeconfig', bed.kubeconfig];
  return run(command, { reject: false, timeoutMs: 200_000 });
}

function groundOf({ bed }: World): Parameters<typeof applyManifests>[0] {
  return {
    kubectl: (args, options) => bed.kubectl(args, options),
    agentImage: inject('e2eAgentImage'),
  };
}

function lookAt({ bedNode }: TestNode): Promise<RootFileSystem> {
  return rootFileSystem(bedNode);
}
