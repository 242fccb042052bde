// Waits for a node's kubelet to answer.

import { healthz } from '../../../../scripts/node/kubelet.ts';
import type { TestNode } from '../../../../scripts/node/test-node.ts';
import type { Wait } from '../../../../scripts/node/wait.ts';

/** Resolves when the node's kubelet answers healthz. */
export async function awaitHealthy(node: TestNode, wait: Partial<Wait> = {}): Promise<void> {
  await node.waitFor({ what: 'have a healthy kubelet', ...wait }, async () =>
    (await healthz(node.bedNode)).includes('200 OK') ? true : undefined,
  );
}
