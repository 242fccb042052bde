// A quarter of a minute without the API server; the long form of the faults tier has ten minutes.

import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { agentPodOn } from '../../../scripts/node/agent-pod.ts';
import { freshNodes } from '../support/node/fresh.ts';
import { setKeys } from '../../../scripts/node/policy.ts';

const NODES = ['n1', 'n2', 'n3', 'n4'] as const;
const LIST = 'allowedUnsafeSysctls';
const NAME = 'net.core.somaxconn';
const OTHER = 'net.ipv4.tcp_max_syn_backlog';
const AWAY_MS = 15_000;
/** The agent heals a hand edit without the API server. */
const HEALED_WITHIN_MS = 3000;
/** Agents retry after at most 10 s, each at a random time, so that a fleet does not reconnect at once. */
const RIGHT_WITHIN_MS = 20_000;

it('nodes heal hand edits while the API server is away, and follow the new policy seconds after its return', async () => {
  const nodes = await freshNodes(NODES);
  const [first, , third] = nodes;
  if (first === undefined || third === undefined) throw new Error('Expected four nodes.');
  const { world } = first;
  await setKeys(world, { [LIST]: NAME });
  await Promise.all(nodes.map((node) => node.awaitDone([NAME])));
  const agents = await Promise.all(NODES.map((name) => agentPodOn(world, name)));
  const untouched = await third.kubelet();

  const left = performance.now();
  await world.bed.stopApiServer();
  try {
    await sleep(5000);
    await first.write('KUBELET_EXTRA_ARGS=\n');
    await first.waitFor({ what: 'heal its file', timeoutMs: HEALED_WITHIN_MS }, async () => {
      const healed = (await first.text())?.includes(NAME) === true;
      return healed && (await first.kubelet()).argv.at(-1)?.includes(NAME) === true ? true : undefined;
    });
    await sleep(AWAY_MS - (performance.now() - left));
    expect(await third.kubelet()).toEqual(untouched);
  } finally {
    await world.bed.startApiServer();
  }
  const back = performance.now();
  await setKeys(world, { [LIST]: OTHER });
  await Promise.all(nodes.map((node) => node.awaitDone([OTHER])));
  const took = performance.now() - back;

  expect(took).toBeLessThan(RIGHT_WITHIN_MS);
  for (const node of nodes) {
    expect((await node.kubelet()).argv.at(-1)).toBe(`--allowed-unsafe-sysctls=${OTHER}`);
  }
  const now = await Promise.all(NODES.map((name) => agentPodOn(world, name)));
  const same = (pods: typeof now) => pods.map((pod) => [pod?.uid, pod?.restarts]);
  expect(same(now)).toEqual(same(agents));
});
