// The process of a synthetic cluster: its CPU and memory are not the coordinator's.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorText } from '../../../../agent/text/error-text.ts';
import { pkiFolder } from '../../../bed/control-plane/pki.ts';
import { REAL_TIMING } from './agents.ts';
import { type SyntheticCluster, syntheticCluster } from './cluster.ts';
import type { FromCluster, ToCluster } from './messages.ts';

let cluster: SyntheticCluster | undefined;

process.on('message', (message: ToCluster) => {
  answer(message).then(tell, (error: unknown) => tell({ kind: 'failed', message: errorText(error) }));
});
process.once('disconnect', () => process.exit());

async function answer(message: ToCluster): Promise<FromCluster> {
  if (message.kind === 'start') {
    const { folder, nodes, data } = message;
    const file = (name: string): Buffer => readFileSync(join(pkiFolder(folder), name));
    const tls = { cert: file('apiserver.crt'), key: file('apiserver.key') };
    cluster = syntheticCluster({ nodes, data, timing: REAL_TIMING, tls });
    return { kind: 'listening', port: await listen(cluster) };
  }
  if (cluster === undefined) throw new Error('Expected a cluster to be started first.');
  if (message.kind === 'expire') cluster.expireNodes();
  return { kind: 'facts', facts: cluster.facts() };
}

async function listen({ server }: SyntheticCluster): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('Expected a port, got none.');
  return address.port;
}

function tell(message: FromCluster): void {
  process.send?.(message);
}
