// A node set back to what it was before any agent or test touched it, or made one of another kind: every case begins there.

import { dirname } from 'node:path';
import { JOURNAL_FILE } from '../../../../agent/node/state/state-store.ts';
import { BED_KUBELET, KUBELET_UNIT, type NodeKind, OS_RELEASE } from '../../../../scripts/bed/kinds/kind.ts';
import { ALL_KINDS, KIND_PATHS } from '../../../../scripts/bed/kinds/kinds.ts';
import { agentPodOn } from '../../../../scripts/node/agent-pod.ts';
import { awaitHealthy } from './healthy.ts';
import { clearPolicy } from '../../../../scripts/node/policy.ts';
import type { Report } from '../../../../scripts/node/report.ts';
import { FOLDERS, type Original } from './originals.ts';
import { type TestNode, testNode } from '../../../../scripts/node/test-node.ts';
import { e2eWorld, providedBed } from '../bed.ts';

const UNIT_FOLDER = '/etc/systemd/system/';
const OTHER_UNITS = [...new Set(ALL_KINDS.map(({ unit }) => unit))].filter((unit) => unit !== KUBELET_UNIT);
/** The bed has them on every node, and a kind without its own reads them. */
const BED_FILES: ReadonlySet<string> = new Set(['/etc/kubernetes/kubelet.conf', OS_RELEASE]);
const LABELS: readonly string[] = ALL_KINDS.flatMap(({ labels }) => Object.keys(labels));

/** The node with its original files, kubelet arguments and an agent that has nothing to do. */
export async function freshNode(name: string): Promise<TestNode> {
  const node = testNode(await e2eWorld(), name);
  await node.setList([]);
  await reset(node);
  return node;
}

/** The node with the unit and the files of another kind, its kubelet healthy, and an agent that has nothing to do. */
export async function nodeOfKind(name: string, kind: NodeKind): Promise<TestNode> {
  const node = testNode(await e2eWorld(), name);
  await node.setList([]);
  await idle(node);
  await setLabels(node, kind.labels);
  await stopOtherUnits(node);
  // A node whose kubelet is no unit has none of this name.
  if (kind.unit !== KUBELET_UNIT)
    await node.bedNode.exec(['systemctl', 'stop', KUBELET_UNIT], { reject: false });
  await putBack(node, { ...filesOf(node), ...filesOfKind(node, kind) });
  if (kind.binary !== BED_KUBELET) {
    await node.exec(['mkdir', '-p', dirname(kind.binary)]);
    await node.exec(['ln', BED_KUBELET, kind.binary]);
  }
  await node.exec(['systemctl', 'restart', kind.unit]);
  await awaitHealthy(node, { what: `have a healthy kubelet as ${kind.title}` });
  await node.awaitReport({ what: `be as ${kind.title} at first` }, isSettled);
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
  await idle(node);
  await setLabels(node, {});
  const others = await stopOtherUnits(node);
  const changed = await putBack(node, filesOf(node));
  if (others || changed || !(await runsAsAtFirst(node, originalOf(node)))) await node.restartKubelet();
  await node.awaitReport({ what: 'be as it was at first' }, isSettled);
}

function originalOf({ name }: TestNode): Original {
  const original = providedBed().originals[name];
  if (original === undefined) throw new Error(`Expected a node of setup.ts, got ${name}.`);
  return original;
}

/** Resolves when the agent runs and has nothing of ours left on the node. */
async function idle(node: TestNode): Promise<void> {
  await node.waitFor({ what: 'have an agent that is Ready' }, async () =>
    (await agentPodOn(node.world, node.name))?.ready === true ? true : undefined,
  );
  await node.awaitReport({ what: 'report that nothing is desired' }, hasNothingDesired);
  await node.waitFor({ what: 'have no change under way' }, async () =>
    (await node.facts(JOURNAL_FILE)) === undefined ? true : undefined,
  );
}

function isSettled({ state, drift, running, policyError }: Report): boolean {
  const settled = state === 'Unreconcilable' || state === 'Done';
  return settled && drift === undefined && !running && policyError === undefined;
}

/** Our agent takes its own names out first: what it does not know of would be a hand edit to it. */
function hasNothingDesired({ state, desired }: { state?: string; desired?: string }): boolean {
  return state === 'Unreconcilable' || (desired === '' && state !== 'Working' && state !== 'Observing');
}

interface WantedFile {
  readonly bytes: Buffer;
  readonly mode: number;
}

/** null: there is no such file. */
type Wanted = Readonly<Record<string, WantedFile | null>>;

function filesOf(node: TestNode): Wanted {
  const entries = Object.entries(originalOf(node).files);
  return Object.fromEntries(
    entries.map(([path, base64]) => [
      path,
      base64 === null ? null : { bytes: Buffer.from(base64, 'base64'), mode: 0o644 },
    ]),
  );
}

/** The kind's files, and null for every file that only another kind has. */
function filesOfKind(node: TestNode, kind: NodeKind): Wanted {
  const original = (path: string): string => filesOf(node)[path]?.bytes.toString() ?? '';
  const files = kind.files({
    name: node.name,
    address: node.bedNode.address,
    kubeconfig: original('/etc/kubernetes/kubelet.conf'),
    config: original('/var/lib/kubelet/config.yaml'),
  });
  const own = Object.entries(files).map(([path, { content, mode }]) => [
    path,
    { bytes: Buffer.from(content), mode },
  ]);
  // The kubeconfig that the other kinds read stays where the bed has it.
  const others = KIND_PATHS.filter((path) => !BED_FILES.has(path)).map((path) => [path, null]);
  return Object.fromEntries([...others, ...own]);
}

/** Gives the Node these labels, and none that only another kind has. */
async function setLabels({ name, world }: TestNode, labels: NodeKind['labels']): Promise<void> {
  const found = (await world.cluster.core.readNode({ name })).metadata?.labels ?? {};
  const removed = LABELS.filter((key) => key in found && !(key in labels)).map((key) => `${key}-`);
  const changes = [...removed, ...Object.entries(labels).map(([key, value]) => `${key}=${value}`)];
  if (changes.length > 0) await world.bed.kubectl(['label', '--overwrite', 'node', name, ...changes]);
}

/** Stops units that only other kinds have; resolves with whether there was one. */
async function stopOtherUnits(node: TestNode): Promise<boolean> {
  const paths = OTHER_UNITS.map((unit) => [unit, `${UNIT_FOLDER}${unit}`] as const);
  const there = await Promise.all(paths.map(async ([, path]) => (await node.facts(path)) !== undefined));
  const units = OTHER_UNITS.filter((_, index) => there[index]);
  if (units.length > 0) await node.exec(['systemctl', 'stop', ...units]);
  return units.length > 0;
}

/** Makes the node's files the wanted ones; resolves with whether any was not. */
async function putBack(node: TestNode, files: Wanted): Promise<boolean> {
  const left = await Promise.all(FOLDERS.map((folder) => filesIn(node, folder)));
  const added = left.flat().filter((path) => files[path] === undefined);
  const wanted = [...added.map((path) => [path, null] as const), ...Object.entries(files)];
  const changed: string[] = [];
  for (const [path, file] of wanted) {
    if (await isAsWanted(node, path, file)) continue;
    await node.remove(path);
    if (file !== null) await node.write(file.bytes, path, file.mode);
    changed.push(path);
  }
  if (changed.some((path) => path.includes('/systemd/system/'))) {
    await node.exec(['systemctl', 'daemon-reload']);
  }
  return changed.length > 0;
}

async function runsAsAtFirst(node: TestNode, { argv }: Original): Promise<boolean> {
  const kubelet = await node.kubelet();
  const { running, drift } = await node.report();
  const same = kubelet.activeState === 'active' && kubelet.argv.join('\0') === argv.join('\0');
  return same && !running && drift === undefined;
}

async function isAsWanted(node: TestNode, path: string, file: WantedFile | null): Promise<boolean> {
  const facts = await node.facts(path);
  if (facts === undefined || file === null) return facts === undefined && file === null;
  const content = await node.bedNode.files.read(path);
  return content?.equals(file.bytes) === true && facts.mode === file.mode && facts.uid === 0;
}

async function filesIn(node: TestNode, folder: string): Promise<readonly string[]> {
  const names = await node.bedNode.files.names(folder);
  return names.map((name) => `${folder}/${name}`);
}
