// Waits for a node's kubelet to answer.

import { healthz } from '../../../../scripts/node/kubelet.ts';
import type { TestNode } from '../../../../scripts/node/test-node.ts';

/** Resolves when the node's kubelet answers healthz; `what` completes "Expected n1 to". */
export async function awaitHealthy(node: TestNode, what = 'have a healthy kubelet'): Promise<void> {
  await node.waitFor({ what }, async () =>
    (await healthz(node.bedNode)).includes('200 OK') ? true : undefined,
  );
}
