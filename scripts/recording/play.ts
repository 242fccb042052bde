// Plays a first edit on a cluster of its own: a pod is refused, one name is allowed, the same pod runs.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type Bed, startBed } from '../bed/bed.ts';
import { ensureHostPackages } from '../bed/build/host-packages.ts';
import { agentImage, demoAppImage, type Image } from '../bed/images/images.ts';
import type { Log } from '../bed/util/progress.ts';
import { workFolder } from '../bed/util/work-folder.ts';
import { installOn } from '../install/install.ts';
import { connect } from '../kubernetes/cluster.ts';
import {
  AGENT_NAMESPACE,
  LIST_KEY,
  POLICY_CONFIG_MAP,
  SAFE_SYSCTL,
  UNSAFE_SYSCTL,
} from '../kubernetes/names.ts';
import { shellEnvironment } from '../kubernetes/shell.ts';
import { setKeys } from '../node/policy.ts';
import type { TerminalMoment } from './moments.ts';
import { openTerminal } from './terminal.ts';

const NODES = ['node-1', 'node-2'];
const POD = 'web';
const BACKLOG = '4096';
/** Short, so that the recording shows little waiting. */
const PACE = { rollout: 'Coordinated', nodeSoakSeconds: '2', soakSeconds: '3', canary: '1' };

const ENTERED = {
  apply: `kubectl apply -f ${POD}.yaml     # its pod sets ${UNSAFE_SYSCTL}`,
  get: `kubectl get pod ${POD}`,
  allow:
    `kubectl -n ${AGENT_NAMESPACE} patch configmap ${POLICY_CONFIG_MAP} --type merge \\\n` +
    `    -p '${JSON.stringify({ data: { [LIST_KEY]: UNSAFE_SYSCTL } })}'`,
  wait: 'kubectl sysctls wait',
  again: `kubectl replace --force -f ${POD}.yaml`,
} as const;

/** Resolves with what was entered and printed, after the cluster was removed. Rejects when a command fails. */
export async function playFirstEdit(log: Log): Promise<readonly TerminalMoment[]> {
  await ensureHostPackages(log);
  await using undo = new AsyncDisposableStack();
  const making = [startNodes(log), agentImage(log), demoAppImage(log)] as const;
  // Rethrow an error only after all background work has ended.
  const [made] = await Promise.allSettled(making);
  if (made.status === 'fulfilled')
    undo.defer(() => log.step('Removing the cluster', () => made.value.down()));
  const [bed, agent, app] = await Promise.all(making);
  await log.step('The agent on every node, and the coordinator', () => install(bed, [agent, app], agent));

  const work = undo.use(await workFolder());
  const terminal = openTerminal(work.path, await shellEnvironment(bed, work.path, log));
  await writeFile(join(work.path, `${POD}.yaml`), podManifest(app.reference));
  const settled = (phase: string) =>
    bed.kubectl(['wait', `pod/${POD}`, `--for=jsonpath={.status.phase}=${phase}`, '--timeout=60s']);

  await log.step('The first edit', async () => {
    await terminal.enter(ENTERED.apply);
    await settled('Failed');
    await terminal.enter(ENTERED.get);
    await terminal.enter(ENTERED.allow);
    await terminal.enter(ENTERED.wait);
    await terminal.enter(ENTERED.again);
    await settled('Running');
    await terminal.enter(ENTERED.get);
  });
  return terminal.moments();
}

function startNodes(log: Log): Promise<Bed> {
  const nodes = NODES.map((name) => ({ name, layout: 'deb-missing' as const }));
  return startBed({ name: `recording-${process.pid}`, lifetime: 'process', nodes }, log);
}

async function install(bed: Bed, images: readonly Image[], agent: Image): Promise<void> {
  for (const image of images) await bed.loadImage(image);
  await installOn(bed, agent);
  const world = { bed, cluster: connect({ kubeconfig: bed.kubeconfig }) };
  await setKeys(world, { ...PACE, [LIST_KEY]: `${SAFE_SYSCTL}\n` });
}

function podManifest(image: string): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: POD },
    spec: {
      terminationGracePeriodSeconds: 1,
      securityContext: { sysctls: [{ name: UNSAFE_SYSCTL, value: BACKLOG }] },
      containers: [{ name: POD, image, imagePullPolicy: 'IfNotPresent' }],
    },
  });
}
