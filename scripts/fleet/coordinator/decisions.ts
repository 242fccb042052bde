// Times the coordinator's decision on the fleet's Nodes.

import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { bundle } from '../../build.ts';
import type { Admin } from '../../bed/control-plane/admin.ts';
import { POLICY_PATH } from '../../kubernetes/names.ts';

const MAIN = join(import.meta.dirname, 'decide-main.ts');
const TIMEOUT_MS = 300_000;

export interface DecisionsAsked {
  /** For the program and the policy. */
  readonly folder: string;
  readonly admin: Pick<Admin, 'send'>;
  /** The coordinator's Node options. */
  readonly nodeFlags: readonly string[];
  /** The API server's NodeList: too long for one string where the fleet is large. */
  readonly nodes: Readable;
}

/** Returns ms, one entry for each call. Rejects when the program fails. */
export async function timeDecisions({
  folder,
  admin,
  nodeFlags,
  nodes,
}: DecisionsAsked): Promise<readonly number[]> {
  const [main, policyFile] = [join(folder, 'decide.mjs'), join(folder, 'policy.json')];
  await Promise.all([
    writeFile(main, await bundle(MAIN)),
    writeFile(policyFile, JSON.stringify(await admin.send('GET', POLICY_PATH))),
  ]);
  const child = spawn(process.execPath, [...nodeFlags, main, policyFile], {
    stdio: ['pipe', 'pipe', 'inherit'],
    timeout: TIMEOUT_MS,
  });
  const [took] = await Promise.all([text(child.stdout), pipeline(nodes, child.stdin)]);
  const parsed: unknown = JSON.parse(took);
  return Array.isArray(parsed) ? parsed.map(Number) : [];
}
