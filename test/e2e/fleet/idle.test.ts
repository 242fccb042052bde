// The API requests of an idle fleet.

import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { type AuditedRequest, isWrite } from '../../../scripts/bed/control-plane/audit-log.ts';
import { agentPodOn } from '../../../scripts/node/agent-pod.ts';
import { agentRequests, auditPosition } from '../support/cluster/audit.ts';
import { byLength } from '../support/length.ts';
import { freshNodes } from '../support/node/fresh.ts';
import { setKeys } from '../../../scripts/node/policy.ts';

const NODES = ['n1', 'n2', 'n3', 'n4', 'n5'] as const;
const NAME = 'net.core.somaxconn';
/** Requests for pods, which the agent watches only while a change soaks. */
const OF_A_CHANGE = /\/pods\?/u;
const QUIET_MS = byLength({ short: 20_000, long: 60_000 });
const HOUR_S = 3600;
/** The maximum of requests for each agent in an hour. */
const MOST = 30;

it('idle agents write nothing, and send no requests except their watches', async () => {
  const nodes = await freshNodes(NODES);
  const [first] = nodes;
  if (first === undefined) throw new Error('Expected five nodes.');
  const { world } = first;
  await setKeys(world, { allowedUnsafeSysctls: NAME });
  await Promise.all(nodes.slice(0, 4).map((node) => node.awaitDone([NAME])));
  await sleep(2000);

  const position = await auditPosition(world);
  const from = Date.now();
  await sleep(QUIET_MS);
  const quiet = (await agentRequests(world, position)).filter(({ at }) => at >= from);

  expect(quiet.filter(isWrite)).toEqual([]);
  expect(quiet.filter(({ uri }) => OF_A_CHANGE.test(uri))).toEqual([]);
  const all = await agentRequests(world);
  for (const name of NODES) {
    const pod = await agentPodOn(world, name);
    const mine = ({ pod: by }: AuditedRequest): boolean => by === pod?.name;
    const others = quiet.filter(mine).filter(({ verb }) => verb !== 'watch');
    const hourly = (others.length * HOUR_S * 1000) / QUIET_MS + watchesAnHour(all.filter(mine));
    expect.soft(hourly, `${name}: requests an hour`).toBeLessThanOrEqual(MOST);
  }
});

/** Returns the expected watches in an hour, from the timeouts of the open watches. */
function watchesAnHour(requests: readonly AuditedRequest[]): number {
  const watches = requests.filter(({ verb, uri }) => verb === 'watch' && !OF_A_CHANGE.test(uri));
  const newest = new Map(watches.map(({ uri }) => [uri.split('?')[0], uri]));
  expect(newest.size).toBe(2);
  return [...newest.values()].reduce((sum, uri) => {
    const seconds = Number(new URL(uri, 'https://api').searchParams.get('timeoutSeconds'));
    return sum + HOUR_S / seconds;
  }, 0);
}
