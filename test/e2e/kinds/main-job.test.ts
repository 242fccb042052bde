// The product's main job on nodes as other people's installers and vendors make them.

import { afterAll, describe, expect, it } from 'vitest';
import { type TakenKind, TAKEN_KINDS } from '../../../scripts/bed/kinds/kinds.ts';
import type { TestNode } from '../../../scripts/node/test-node.ts';
import { freshNodes, nodeOfKind } from '../support/node/fresh.ts';
import { nodePool } from '../support/node/node-pool.ts';
import { sysctlPod } from '../support/node/pods.ts';

const NAME = 'net.core.somaxconn';
const FLAG = `--allowed-unsafe-sysctls=${NAME}`;

const NAMES = ['n1', 'n2', 'n4', 'n5'];
const pool = nodePool(NAMES);

/** Other files expect the nodes as the bed made them. */
afterAll(async () => void (await freshNodes(NAMES)));

describe.concurrent('after one edit of the ConfigMap, a pod with the sysctl runs on a node of the kind', () => {
  it.each(TAKEN_KINDS)('$title', (kind) =>
    pool.use(async (name) => {
      const { target } = kind;
      const node = await nodeOfKind(name, kind);
      const before = await stateOf(node, kind);

      await node.setList([NAME]);
      await node.awaitDone([NAME]);

      const after = await stateOf(node, kind);
      expect(after.facts).toMatchObject(before.facts ?? { mode: 0o644, uid: 0, gid: 0 });
      expect(after.text).toContain(target.kind === 'variable' ? FLAG : NAME);
      expect(after.invocationId).not.toBe(before.invocationId);
      expect(after.argv.filter((word) => word !== FLAG)).toEqual(before.argv);
      expect(after.argv.filter((word) => word === FLAG)).toHaveLength(target.kind === 'variable' ? 1 : 0);
      expect(after.others).toEqual(before.others);
      const pod = await sysctlPod(node, { name: NAME, value: '4096' });
      expect(await pod.settled()).toMatchObject({ kind: 'running' });
      expect(await pod.valueOf(NAME)).toBe('4096');
      await pod.remove();
    }),
  );
});

/** The target's file, the kubelet, and the kind's other files, none of which the agent may change. */
async function stateOf(node: TestNode, kind: TakenKind) {
  const { path } = kind.target;
  const { argv, invocationId } = await node.kubelet();
  const facts = await node.facts(path);
  const paths = Object.keys(kind.files({ name: '', address: '', kubeconfig: '', config: '' }));
  const others = paths.filter((other) => other !== path);
  return {
    argv,
    invocationId,
    text: await node.text(path),
    facts: facts && { mode: facts.mode, uid: facts.uid, gid: facts.gid },
    others: await Promise.all(others.map((other) => node.text(other))),
  };
}
