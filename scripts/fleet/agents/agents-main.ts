// One process with the agents of many simulated nodes.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KEYS, COMPONENT } from '../../../agent/names.ts';
import type { NodeObject } from '../../../agent/node/ports.ts';
import { errorText } from '../../../agent/text/error-text.ts';
import { pkiFolder } from '../../bed/control-plane/pki.ts';
import { connectAdmin } from '../../bed/control-plane/admin.ts';
import type { FromAgents, MakeNodes, ReplaceAgents, Tally, ToAgents } from './messages.ts';
import { nodeName } from './names.ts';
import { type SimulatedNode, startNode } from './simulated-node.ts';
import { countTraffic } from './traffic.ts';

interface Seen {
  readonly state: string;
  /** The list that it was last Done with, and since when in epoch ms. */
  readonly done: { readonly running: string; readonly at: number } | undefined;
}

const MOST_WARNINGS = 20;
const traffic = countTraffic(COMPONENT);
const seen = new Map<string, Seen>();
const warnings = new Map<string, number>();
const nodes: SimulatedNode[] = [];

process.on('message', (message: ToAgents) => {
  if (message.kind === 'tally') {
    tell({ kind: 'tally', id: message.id, tally: tallyOf(message.wanted) });
    return;
  }
  (message.kind === 'make' ? make(message) : replaceAgents(message)).then(
    () => tell({ kind: 'finished' }),
    (error: unknown) => tell({ kind: 'failed', message: errorText(error) }),
  );
});
process.once('disconnect', () => process.exit());

async function make({ place, localAddress, first, count, parallel, allowances }: MakeNodes): Promise<void> {
  const admin = await connectAdmin(place, 'simulated-kubelet');
  const ca = await readFile(join(pkiFolder(place.folder), 'ca.crt'), 'utf8');
  const indices = Array.from({ length: count }, (_, at) => first + at);
  await forEach(indices, parallel, async (index) => {
    const name = nodeName(index);
    const onSeen = (node: NodeObject): void => void seen.set(name, seenNow(node, seen.get(name)));
    const { server } = place;
    nodes.push(
      await startNode({ admin, ca, server, localAddress, name, index, allowances, onSeen, onWarning }),
    );
  });
}

function replaceAgents({ parallel }: ReplaceAgents): Promise<void> {
  return forEach(nodes, parallel, (node) => node.replaceAgent());
}

async function forEach<T>(
  items: readonly T[],
  parallel: number,
  run: (item: T) => Promise<void>,
): Promise<void> {
  const left = items.values();
  const work = async (): Promise<void> => {
    for (const item of left) await run(item);
  };
  await Promise.all(Array.from({ length: parallel }, work));
}

function seenNow({ annotations }: NodeObject, before: Seen | undefined): Seen {
  const state = annotations[KEYS.state] ?? '';
  const running = annotations[KEYS.running] ?? '';
  const isDone = state === 'Done' && annotations[KEYS.appliedRevision] === annotations[KEYS.desiredRevision];
  const isNews = isDone && before?.done?.running !== running;
  return { state, done: isNews ? { running, at: Date.now() } : before?.done };
}

function tallyOf(wanted: string): Tally {
  const all = [...seen.values()];
  const done = all.flatMap((node) =>
    node.state === 'Done' && node.done?.running === wanted ? [node.done.at] : [],
  );
  const states: Record<string, number> = {};
  for (const { state } of all) states[state] = (states[state] ?? 0) + 1;
  const { user, system } = process.cpuUsage();
  return {
    made: nodes.length,
    done: done.length,
    doneAt: done,
    states,
    traffic: traffic(),
    residentBytes: process.memoryUsage.rss(),
    cpuSeconds: (user + system) / 1e6,
    warnings: Object.fromEntries(warnings),
  };
}

function onWarning(what: string): void {
  // Warnings that differ only in the node count as one.
  const key = what.replace(/node-\d+/gu, 'NODE').slice(0, 200);
  if (warnings.size < MOST_WARNINGS || warnings.has(key)) warnings.set(key, (warnings.get(key) ?? 0) + 1);
}

function tell(message: FromAgents): void {
  process.send?.(message);
}
