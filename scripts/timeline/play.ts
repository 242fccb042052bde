// Plays the rollout for the picture, on its own cluster: a canary, a node that fails, a halt, and the edit that fixes it.

import { setTimeout as sleep } from 'node:timers/promises';
import { installOn } from '../install/install.ts';
import { type Bed, startBed } from '../bed/bed.ts';
import { ensureHostPackages } from '../bed/build/host-packages.ts';
import { agentImage, type Image } from '../bed/images/images.ts';
import type { Log } from '../bed/util/progress.ts';
import { setKeys } from '../node/policy.ts';
import { testNode } from '../node/test-node.ts';
import { refuse, useFaultyKubelet } from '../node/faulty-kubelet.ts';
import { connect } from '../kubernetes/cluster.ts';
import { LIST_KEY, UNSAFE_SYSCTL } from '../kubernetes/names.ts';
import { type Moment, type NodeMoment, since } from './moments.ts';
import { recordRollout } from './recorder.ts';

const NODES = ['node-1', 'node-2', 'node-3'];
/** The node that fails; the canary is the first by name, node-1. */
const FAILS = 'node-2';
const FIRST = [UNSAFE_SYSCTL];
const WITH_ONE_MORE = [UNSAFE_SYSCTL, 'net.core.wmem_max'];
const FIXED = [UNSAFE_SYSCTL, 'net.ipv4.tcp_max_syn_backlog'];
/** Short, so that the picture shows little waiting. */
const PACE = {
  nodeSoakSeconds: '3',
  soakSeconds: '5',
  canary: '1',
  maxUnavailable: '1',
  failureThreshold: '1',
};
/** How long the picture shows a stable state: before the first edit, halted, done. */
const LEAD_MS = 2000;
const HALTED_MS = 6000;
const TAIL_MS = 3000;
const TIMEOUT_MS = 120_000;

/** Resolves with the recorded moments, after the cluster was removed. */
export async function playRollout(log: Log): Promise<readonly Moment[]> {
  await ensureHostPackages(log);
  await using undo = new AsyncDisposableStack();
  const making = [startNodes(log), agentImage(log)] as const;
  // Rethrow an error only after all background work has ended.
  const [made] = await Promise.allSettled(making);
  if (made.status === 'fulfilled')
    undo.defer(() => log.step('Removing the cluster', () => made.value.down()));
  const [bed, image] = await Promise.all(making);
  const world = { bed, cluster: connect({ kubeconfig: bed.kubeconfig }) };
  await log.step('The agent on every node, and the coordinator', () => install(bed, image));

  const recorder = undo.use(await recordRollout(bed.kubeconfig));
  const edit = async (what: string, names: readonly string[]): Promise<void> => {
    recorder.edited(what);
    await setKeys(world, { [LIST_KEY]: `${names.join('\n')}\n` });
  };
  await log.step('The first list', async () => {
    const failing = testNode(world, FAILS);
    await useFaultyKubelet(failing);
    await refuse(failing, { names: WITH_ONE_MORE });
    await setKeys(world, { ...PACE, rollout: 'Immediate', [LIST_KEY]: `${FIRST.join('\n')}\n` });
    await recorder.until('every node to be Done with the first list', everyRuns(FIRST), TIMEOUT_MS);
    await setKeys(world, { rollout: 'Coordinated' });
    await recorder.until('the coordinator to say Done', phaseIs('Done'), TIMEOUT_MS);
  });
  const begin = Date.now();
  await sleep(LEAD_MS);
  await log.step('An edit with which one node fails', async () => {
    await edit('one name more', WITH_ONE_MORE);
    await recorder.until('the rollout to be halted', phaseIs('Halted'), TIMEOUT_MS);
    await sleep(HALTED_MS);
  });
  await log.step('An edit that fixes it', async () => {
    await edit('another name instead', FIXED);
    await recorder.until('every node to be Done with the fixed list', everyRuns(FIXED), TIMEOUT_MS);
    await recorder.until('the rollout to be Done', phaseIs('Done'), TIMEOUT_MS);
    await sleep(TAIL_MS);
  });
  recorder.stop();
  return since(recorder.moments, begin);
}

function startNodes(log: Log): Promise<Bed> {
  const nodes = NODES.map((name) => ({ name, layout: 'deb-missing' as const }));
  return startBed({ name: `timeline-${process.pid}`, lifetime: 'process', nodes }, log);
}

async function install(bed: Bed, image: Image): Promise<void> {
  await bed.loadImage(image);
  await installOn(bed, image);
}

function phaseIs(wanted: string): (moments: readonly Moment[]) => boolean {
  return (moments) => moments.findLast((moment) => moment.kind === 'phase')?.phase === wanted;
}

function everyRuns(names: readonly string[]): (moments: readonly Moment[]) => boolean {
  const wanted = names.toSorted().join();
  return (moments) =>
    NODES.every((name) => {
      const last = moments.findLast(
        (moment): moment is NodeMoment => moment.kind === 'node' && moment.node === name,
      );
      const runs = last?.running?.split(',').toSorted().join();
      return last?.state === 'Done' && runs === wanted;
    });
}
