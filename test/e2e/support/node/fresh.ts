// A node set back to what it was before any agent or test touched it: every case begins there.

import { readdir } from 'node:fs/promises';
import { inject } from 'vitest';
import { JOURNAL_FILE } from '../../../../agent/node/state/state-store.ts';
import { agentPodOn } from '../../../../scripts/node/agent-pod.ts';
import { readHostFile } from '../../../../scripts/node/host-files.ts';
import { clearPolicy } from '../../../../scripts/node/policy.ts';
import { FOLDERS, type Original } from './originals.ts';
import { type TestNode, testNode } from '../../../../scripts/node/test-node.ts';
import { e2eWorld } from '../bed.ts';

const UNIT_FOLDER = '/etc/systemd/system/';

/** The node with its original files, kubelet arguments and an agent that has nothing to do. */
export async function freshNode(name: string): Promise<TestNode> {
  const node = testNode(await e2eWorld(), name);
  await node.setList([]);
  await reset(node);
  return node;
}

/** All of them, and a policy that asks nothing of any node. */
export async function freshNodes(names: readonly string[]): Promise<readonly TestNode[]> {
  const world = await e2eWorld();
  await clearPolicy(world);
  const nodes = names.map((name) => testNode(world, name));
  await Promise.all(nodes.map(reset));
  return nodes;
}

async function reset(node: TestNode): Promise<void> {
  const original = inject('e2eOriginals')[node.name];
  if (original === undefined) throw new Error(`Expected a node of setup.ts, got ${node.name}.`);
  await node.waitFor({ what: 'have an agent that is Ready' }, async () =>
    (await agentPodOn(node.world, node.name))?.ready === true ? true : undefined,
  );
  await node.awaitReport({ what: 'report that nothing is desired' }, hasNothingDesired);
  const changed = await putBack(node, original);
  if (changed || !(await runsAsAtFirst(node, original))) await node.restartKubelet();
  await node.awaitReport({ what: 'be as it was at first' }, (report) => {
    const settled = report.state === 'Unreconcilable' || report.state === 'Done';
    return settled && report.drift === undefined && !report.running && report.policyError === undefined;
  });
}

/** Our agent takes its own names out first: what it does not know of would be a hand edit to it. */
function hasNothingDesired({ state, desired }: { state?: string; desired?: string }): boolean {
  return state === 'Unreconcilable' || (desired === '' && state !== 'Working' && state !== 'Observing');
}

/** Resolves with whether anything was not as at first. */
async function putBack(node: TestNode, original: Original): Promise<boolean> {
  await node.waitFor({ what: 'have no change under way' }, async () =>
    (await node.facts(JOURNAL_FILE)) === undefined ? true : undefined,
  );
  const left = await Promise.all(FOLDERS.map((folder) => filesIn(node, folder)));
  const added = left.flat().filter((path) => original.files[path] === undefined);
  const wanted = [...added.map((path) => [path, null] as const), ...Object.entries(original.files)];
  const changed: string[] = [];
  for (const [path, base64] of wanted) {
    if (await isOriginal(node, path, base64)) continue;
    await node.remove(path);
    if (base64 !== null) await node.write(Buffer.from(base64, 'base64'), path, 0o644);
    changed.push(path);
  }
  if (changed.some((path) => path.startsWith(UNIT_FOLDER))) await node.exec(['systemctl', 'daemon-reload']);
  return changed.length > 0;
}

async function runsAsAtFirst(node: TestNode, { argv }: Original): Promise<boolean> {
  const kubelet = await node.kubelet();
  const { running, drift } = await node.report();
  const same = kubelet.activeState === 'active' && kubelet.argv.join('\0') === argv.join('\0');
  return same && !running && drift === undefined;
}

async function isOriginal(node: TestNode, path: string, base64: string | null): Promise<boolean> {
  const [content, facts] = [await readHostFile(node.bedNode, path), await node.facts(path)];
  if (content === undefined || facts === undefined) return base64 === null;
  return content.toString('base64') === base64 && facts.mode === 0o644 && facts.uid === 0;
}

async function filesIn(node: TestNode, folder: string): Promise<readonly string[]> {
  const names = await readdir(node.bedNode.path(folder)).catch((): string[] => []);
  return names.map((name) => `${folder}/${name}`);
}
