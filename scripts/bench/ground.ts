// The cluster that the bench measures on, with the agent installed by the project's manifests.

import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { installOn } from '../install/install.ts';
import { KEYS } from '../../agent/names.ts';
import { type Admin, connectAdmin } from '../bed/control-plane/admin.ts';
import { type Bed, type BedNode, startBed } from '../bed/bed.ts';
import { cached } from '../bed/build/cache.ts';
import { goPlainProgram } from '../bed/build/go.ts';
import { agentImage, type Image } from '../bed/images/images.ts';
import { DEFAULT_KUBERNETES_VERSION } from '../bed/build/kubernetes.ts';
import type { Log } from '../bed/util/progress.ts';
import { connect } from '../kubernetes/cluster.ts';
import { AGENT_NAMESPACE, AGENT_PODS, COORDINATOR_DEPLOYMENT } from '../kubernetes/names.ts';
import { type Container, findContainer } from './measure/container.ts';
import { type NodeWatch, watchNode } from './measure/node-watch.ts';

export const KUBERNETES_VERSION = DEFAULT_KUBERNETES_VERSION;
/** The only node: other nodes and the coordinator have their own CPUs in production, and would share this one's here. */
const MEASURED = 'node-1';
/** Path of the program of by-hand/ on the measured node. */
export const BY_HAND = '/usr/local/bin/by-hand';
export const UNHEALTHY = '/usr/local/bin/unhealthy';
const AGENT_PROGRAM = 'kubelet-sysctls.mjs';

export interface Ground extends AsyncDisposable {
  readonly bed: Bed;
  readonly node: BedNode;
  readonly admin: Admin;
  readonly watch: NodeWatch;
  readonly agent: Container;
}

/** Resolves when the agent on the measured node is idle. Disposal removes everything. */
export async function makeGround(log: Log): Promise<Ground> {
  await using undo = new AsyncDisposableStack();
  const making = [startBench(log), agentImage(log), nodePrograms(log)] as const;
  // Rethrow an error only after all background work has ended.
  const [made] = await Promise.allSettled(making);
  if (made.status === 'fulfilled')
    undo.defer(() => log.step('Removing the cluster', () => made.value.down()));
  const [bed, image, programs] = await Promise.all(making);
  const node = bed.node(MEASURED);
  for (const { built, path } of programs) {
    await node.files.copyIn(built, path, 0o755);
  }
  await log.step('The agent on every node', (note) => install(bed, image, note));

  const config = new KubeConfig();
  config.loadFromFile(bed.kubeconfig);
  const watch = await watchNode(config, node.name);
  undo.defer(() => watch.stop());
  const admin = await connectAdmin(bed, 'bench');
  undo.defer(() => admin.close());
  await watch.settles('report', (annotations) => annotations[KEYS.state] !== undefined);
  const agent = await agentOn(bed, node.name);
  const kept = undo.move();
  return { bed, node, admin, watch, agent, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

function startBench(log: Log): Promise<Bed> {
  return startBed(
    {
      name: `bench-${process.pid}`,
      version: KUBERNETES_VERSION,
      audit: true,
      lifetime: 'process',
      nodes: [{ name: MEASURED, layout: 'deb-missing' }],
    },
    log,
  );
}

interface NodeProgram {
  readonly built: string;
  /** Its path on the node. */
  readonly path: string;
}

function nodePrograms(log: Log): Promise<readonly NodeProgram[]> {
  return Promise.all(
    [BY_HAND, UNHEALTHY].map(async (path) => {
      const name = basename(path);
      const source = join(import.meta.dirname, name, 'main.go');
      const inputs = [process.arch, await readFile(source)];
      const folder = await cached(name, inputs, (out) => goPlainProgram(source, join(out, name)), log);
      return { built: join(folder, name), path };
    }),
  );
}

async function install(bed: Bed, image: Image, note: (text: string) => void): Promise<void> {
  note('loading the image');
  await bed.loadImage(image);
  await installOn(bed, image, note);
  note('removing the coordinator');
  const coordinator = ['deployment', COORDINATOR_DEPLOYMENT, '--namespace', AGENT_NAMESPACE];
  await bed.kubectl(['delete', ...coordinator, '--cascade=foreground']);
}

/** Returns the container of the agent's pod on a node; throws where it has none, or has not started. */
export async function agentOn(bed: Bed, node: string): Promise<Container> {
  return findContainer(await agentContainerId(bed, node), AGENT_PROGRAM);
}

async function agentContainerId(bed: Bed, node: string): Promise<string> {
  const { core } = connect({ kubeconfig: bed.kubeconfig });
  const { items } = await core.listNamespacedPod({
    namespace: AGENT_NAMESPACE,
    labelSelector: AGENT_PODS,
    fieldSelector: `spec.nodeName=${node}`,
  });
  const id = items[0]?.status?.containerStatuses?.[0]?.containerID?.replace(/^.*:\/\//, '');
  if (id === undefined)
    throw new Error(`Expected the agent's pod on ${node} to have a container, found none`);
  return id;
}
