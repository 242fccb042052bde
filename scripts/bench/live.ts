// What an idle agent uses on its node, after some changes.

import { readFile, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { auditLogOf } from '../bed/control-plane/audit-log.ts';
import { AGENT_NAMESPACE } from '../kubernetes/names.ts';
import { countRequests } from './measure/audit.ts';
import { cpuSecondsOf, memoryOf } from './measure/container.ts';
import type { LiveFigures } from './report/figures.ts';
import type { Ground } from './ground.ts';

/** The ServiceAccount has the same name as the namespace. */
const USER = `system:serviceaccount:${AGENT_NAMESPACE}:${AGENT_NAMESPACE}`;
/** Time from the last change to the idle window, in ms. */
const SETTLE_MS = 5000;
const SHORTEST_LIFE_MS = 120_000;

export async function watchIdle(
  { bed, node, agent }: Ground,
  idleSeconds: number,
  note: (text: string) => void,
): Promise<LiveFigures> {
  const born = (await stat(`/proc/${agent.pid}`)).ctimeMs;
  const life = (): number => Date.now() - born;
  note('letting it settle');
  await sleep(Math.max(SETTLE_MS, SHORTEST_LIFE_MS - life()));
  note('leaving it alone');
  const from = new Date();
  const cpuBefore = await cpuSecondsOf(agent);
  await sleep(idleSeconds * 1000);
  const idleCpuSeconds = (await cpuSecondsOf(agent)) - cpuBefore;
  const to = new Date();
  const log = await readFile(auditLogOf(bed), 'utf8');
  const { all, writes } = countRequests(log, { user: USER, node: node.name, from, to });
  return {
    lifeSeconds: life() / 1000,
    ...(await memoryOf(agent)),
    idleSeconds: (to.getTime() - from.getTime()) / 1000,
    idleCpuSeconds,
    idleRequests: all,
    idleWrites: writes,
  };
}
