// Times the coordinator's decision on the fleet's Nodes.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundle } from '../../build.ts';
import { run } from '../../bed/build/run.ts';
import { AGENT_NAMESPACE, POLICY_CONFIG_MAP } from '../../kubernetes/names.ts';
import type { Fleet } from '../fleet.ts';

const MAIN = join(import.meta.dirname, 'decide-main.ts');
const TIMEOUT_MS = 120_000;

/** Returns ms, one entry for each call; `nodeFlags` are the coordinator's Node options. */
export async function timeDecisions(
  { bed, admin }: Pick<Fleet, 'bed' | 'admin'>,
  nodeFlags: readonly string[],
): Promise<readonly number[]> {
  const policy = `/api/v1/namespaces/${AGENT_NAMESPACE}/configmaps/${POLICY_CONFIG_MAP}`;
  const [main, nodesFile, policyFile] = [
    join(bed.folder, 'decide.mjs'),
    join(bed.folder, 'nodes.json'),
    join(bed.folder, 'policy.json'),
  ];
  await Promise.all([
    writeFile(main, await bundle(MAIN)),
    writeFile(nodesFile, JSON.stringify(await admin.send('GET', '/api/v1/nodes'))),
    writeFile(policyFile, JSON.stringify(await admin.send('GET', policy))),
  ]);
  const { stdout } = await run([process.execPath, ...nodeFlags, main, nodesFile, policyFile], {
    timeoutMs: TIMEOUT_MS,
  });
  const took: unknown = JSON.parse(stdout);
  return Array.isArray(took) ? took.map(Number) : [];
}
