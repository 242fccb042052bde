// Measures the time from a hand edit to the drift annotation on the Node.

import { setTimeout as sleep } from 'node:timers/promises';
import { KEYS } from '../../agent/names.ts';
import type { Ground } from './ground.ts';
import { toggledInFile } from './measure/lists.ts';
import type { Annotations } from './measure/node-watch.ts';
import { applyPolicy } from './policy.ts';
import { BASE, ENVIRONMENT_FILE } from './side-by-side.ts';

const PAUSE_MS = 500;

/** Returns ms from the instant before the write to the event with the drift annotation. The policy only observes, so the agent heals nothing and restarts no kubelet. */
export async function driftRounds(
  { node, admin, watch }: Ground,
  rounds: number,
  note: (text: string) => void,
): Promise<readonly number[]> {
  const original = String(await node.files.read(ENVIRONMENT_FILE));
  const wanted = { node: node.name, allowances: [BASE] };
  await applyPolicy(admin, { ...wanted, mode: 'Observe' });
  await watch.settles('be Observing', isIn('Observing'));
  const took: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    const name = `net.ipv4.tcp_edit${round}`;
    await sleep(PAUSE_MS);
    const shown = watch.shows(`show ${name} as drift`, (annotations) => driftNames(annotations, name));
    const begun = performance.now();
    await node.files.write(ENVIRONMENT_FILE, toggledInFile(original, name).content);
    took.push((await shown) - begun);
    note(`round ${round} of ${rounds}`);
  }
  await node.files.write(ENVIRONMENT_FILE, original);
  await applyPolicy(admin, { ...wanted, mode: 'Enforce' });
  await watch.settles('be Done again', isIn('Done'));
  return took;
}

function driftNames(annotations: Annotations, name: string): boolean {
  return annotations[KEYS.drift]?.includes(`${name} `) === true;
}

/** Returns a condition: the node has this state, and shows no drift. */
function isIn(state: string): (annotations: Annotations) => boolean {
  return (annotations) =>
    annotations[KEYS.state] === state && annotations[KEYS.drift]?.includes('_edit') !== true;
}
