// The same change by hand and by the agent, alternating, on one node.

import { setTimeout as sleep } from 'node:timers/promises';
import { KEYS } from '../../agent/names.ts';
import { spreadOf } from './report/statistics.ts';
import type { ChangeFigures } from './report/figures.ts';
import { BY_HAND, type Ground, UNHEALTHY } from './ground.ts';
import { listed, toggledInFile } from './measure/lists.ts';
import type { Annotations } from './measure/node-watch.ts';
import { applyPolicy } from './policy.ts';

export const ENVIRONMENT_FILE = '/etc/default/kubelet';
const HEALTHZ_ADDRESS = '127.0.0.1:10248';
const HEALTHZ = `http://${HEALTHZ_ADDRESS}/healthz`;
/** Stays in the list; the rounds add and remove the others. */
export const BASE = 'net.core.somaxconn';
const OF_THE_POLICY = 'net.ipv4.tcp_bench';
const OF_THE_HAND = 'net.ipv4.tcp_hand';
/** A kubelet is busy for some seconds after its start, which must not affect the next measurement. */
const PAUSE_MS = 3000;

/** Returns the figures of all rounds. The two ways take turns to go first; a first round of each is not counted. */
export async function sideBySide(
  ground: Ground,
  rounds: number,
  note: (text: string) => void,
): Promise<ChangeFigures> {
  const byHandRounds: Round[] = [];
  const agentRounds: Round[] = [];
  await begin(ground);
  for (let round = -1; round < rounds; round++) {
    const counted = round >= 0;
    const hand = async (): Promise<void> => {
      const measured = await measure(ground, () => byHand(ground));
      if (counted) byHandRounds.push(measured);
    };
    const agent = async (): Promise<void> => {
      const measured = await measure(ground, () => byAgent(ground, round));
      if (counted) agentRounds.push(measured);
    };
    for (const way of round % 2 === 0 ? [hand, agent] : [agent, hand]) await way();
    if (counted)
      note(
        `round ${round + 1} of ${rounds}, medians ${inShort(byHandRounds)} and ${inShort(agentRounds)} ms`,
      );
  }
  await sleep(PAUSE_MS);
  return {
    byHandMs: byHandRounds.map(({ tookMs }) => tookMs),
    agentMs: agentRounds.map(({ tookMs }) => tookMs),
    byHandUnhealthyMs: byHandRounds.map(({ unhealthyMs }) => unhealthyMs),
    agentUnhealthyMs: agentRounds.map(({ unhealthyMs }) => unhealthyMs),
  };
}

interface Round {
  readonly tookMs: number;
  readonly unhealthyMs: number;
}

/** Measures one way. The program on the node polls healthz from before the change until the kubelet has settled. */
async function measure({ node }: Ground, way: () => Promise<number>): Promise<Round> {
  const [{ stdout }, tookMs] = await Promise.all([
    node.exec([UNHEALTHY, HEALTHZ_ADDRESS]),
    sleep(PAUSE_MS).then(way),
  ]);
  return { tookMs, unhealthyMs: Number(stdout) / 1000 };
}

async function begin({ admin, node, watch }: Ground): Promise<void> {
  await applyPolicy(admin, { node: node.name, allowances: [BASE], mode: 'Enforce' });
  await watch.settles(
    `be Done with ${BASE}`,
    (annotations) => isDone(annotations) && runs(annotations, BASE),
  );
}

/** Returns ms from sending the edit to the event that shows the verified kubelet's list. */
async function byAgent({ admin, node, watch }: Ground, round: number): Promise<number> {
  const wanted = round % 2 !== 0;
  const allowances = wanted ? [BASE, OF_THE_POLICY] : [BASE];
  const what = `${wanted ? 'with' : 'without'} ${OF_THE_POLICY}`;
  const isProven = (annotations: Annotations): boolean =>
    runs(annotations, OF_THE_POLICY) === wanted && annotations[KEYS.state] !== 'Degraded';
  const shown = watch.shows(`show a kubelet ${what}`, isProven);
  const [sent, at] = await Promise.all([
    applyPolicy(admin, { node: node.name, allowances, mode: 'Enforce' }),
    shown,
  ]);
  // The kubelet soaks before the change is Done.
  await watch.settles(`be Done ${what}`, (annotations) => isDone(annotations) && isProven(annotations));
  return at - sent;
}

/** Returns ms as measured by the program on the node. The agent is stopped meanwhile: its report of the edit would take CPU. */
async function byHand({ node, watch, agent }: Ground): Promise<number> {
  const before = String(await node.files.read(ENVIRONMENT_FILE));
  const { content, present } = toggledInFile(before, OF_THE_HAND);
  process.kill(agent.pid, 'SIGSTOP');
  let micros: number;
  try {
    const { stdout } = await node.exec([BY_HAND, ENVIRONMENT_FILE, HEALTHZ], { input: content });
    micros = Number(stdout);
  } finally {
    process.kill(agent.pid, 'SIGCONT');
  }
  await watch.settles(
    `show what was done by hand`,
    (annotations) => isDone(annotations) && runs(annotations, OF_THE_HAND) === present,
  );
  return micros / 1000;
}

function isDone(annotations: Annotations): boolean {
  return annotations[KEYS.state] === 'Done';
}

function runs(annotations: Annotations, name: string): boolean {
  return listed(annotations[KEYS.running]).includes(name);
}

function inShort(rounds: readonly Round[]): string {
  return spreadOf(rounds.map(({ tookMs }) => tookMs)).median.toFixed(0);
}
