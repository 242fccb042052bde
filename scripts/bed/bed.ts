// A bed: a complete cluster on this machine. One process starts it; any process can use it.

import { apiServer } from './network/addresses.ts';
import type { BedOptions } from './lifecycle/claim.ts';
import { adminConfig, startApiServer, stopApiServer } from './control-plane/control-plane.ts';
import type { Image } from './images/images.ts';
import { kubernetesBinary } from './build/kubernetes.ts';
import type { NodeSpec } from './node/layouts.ts';
import { machineOf } from './node/machines.ts';
import { nodeHandle } from './node/node.ts';
import type { BedNode } from './node/node.ts';
import { currentNode, currentRecord, enterNode, makeNode } from './node/node-make.ts';
import { silent } from './util/progress.ts';
import type { Log } from './util/progress.ts';
import { waitForReady } from './control-plane/ready.ts';
import { bedFolder, isLive, readRecord, updateRecord } from './lifecycle/record.ts';
import type { NodeRecord } from './lifecycle/record.ts';
import { environment, run } from './build/run.ts';
import type { Outcome, RunOptions } from './build/run.ts';
import { startCluster } from './lifecycle/start.ts';
import { takeDown, takeNodeDown } from './lifecycle/take-down.ts';

export type { Layout, MachineKind, NodeSpec, VmSystem } from './node/layouts.ts';
export { asContainer } from './node/node.ts';
export type { FileFacts, NodeFiles } from './node/files.ts';
export type { BedNode } from './node/node.ts';
export type { Lifetime } from './lifecycle/record.ts';
export type { Outcome, RunOptions } from './build/run.ts';
export { BedInUseError } from './lifecycle/claim.ts';
export type { BedOptions } from './lifecycle/claim.ts';

export interface Bed {
  readonly name: string;
  /** Holds all files of the bed; `log/` has the output of its processes. */
  readonly folder: string;
  /** The path of the administrator's kubeconfig. */
  readonly kubeconfig: string;
  readonly server: string;
  readonly nodes: readonly BedNode[];
  kubectl(args: readonly string[], options?: RunOptions): Promise<Outcome>;
  node(name: string): BedNode;
  /** Resolves when the node is Ready and has every image. */
  addNode(spec: NodeSpec, log: Log): Promise<BedNode>;
  /** Cuts the node's power and removes it and its Node object. */
  removeNode(name: string): Promise<void>;
  /** Loads an image into every node that is on, and into every node added later. */
  loadImage(image: Image): Promise<void>;
  /** Resolves when the API server has exited. */
  stopApiServer(): Promise<void>;
  /** Resolves when the API server is ready, on the same port. */
  startApiServer(): Promise<void>;
  /** Removes the bed; throws a LeftoversError when something could not be removed. */
  down(): Promise<void>;
}

/**
 * Starts a bed; resolves when its nodes are Ready. Removes a dead bed of the same name first; throws a BedInUseError when
 * one of that name is alive. After a failure it removes everything it made, then throws the error.
 */
export async function startBed(options: BedOptions, log: Log): Promise<Bed> {
  await startCluster(options, log);
  return bedHandle(options.name);
}

/** Returns the live bed of this name, started by any process; undefined when there is none. */
export async function openBed(name: string): Promise<Bed | undefined> {
  const record = readRecord(name);
  return record?.state === 'up' && isLive(record) ? bedHandle(name) : undefined;
}

function bedHandle(name: string): Bed {
  const folder = bedFolder(name);
  const { id, slot } = currentRecord(name);
  const kubeconfig = adminConfig(folder);
  const kubectl = async (args: readonly string[], options?: RunOptions): Promise<Outcome> => {
    const binary = await kubernetesBinary('kubectl', currentRecord(name).version, silent);
    return run([binary, ...args], options, { ...environment(), KUBECONFIG: kubeconfig });
  };
  return {
    name,
    folder,
    kubeconfig,
    server: apiServer(slot),
    get nodes() {
      return currentRecord(name).nodes.map((node) => nodeHandle(name, node.spec.name));
    },
    kubectl,
    node: (node) => nodeHandle(name, node),
    addNode: async (spec, log) => {
      await log.step(`Adding the node ${spec.name}`, async () => {
        await addNode(name, spec, log);
      });
      return nodeHandle(name, spec.name);
    },
    removeNode: async (node) => {
      await removeMachine(name, node);
      await kubectl(['delete', 'node', node, '--ignore-not-found']);
    },
    loadImage: (image) => loadImage(name, image),
    stopApiServer: () => stopApiServer(currentRecord(name)),
    startApiServer: () => startApiServer(currentRecord(name), silent),
    down: () => takeDown(name, { id }),
  };
}

/** Removes the node when adding it fails, then throws. */
async function addNode(bed: string, spec: NodeSpec, log: Log): Promise<void> {
  enterNode(bed, spec);
  try {
    await makeNode(bed, spec.name, log);
    await waitForReady(bed, [spec.name]);
  } catch (error) {
    await removeMachine(bed, spec.name);
    throw error;
  }
}

async function removeMachine(bed: string, node: string): Promise<void> {
  await takeNodeDown(currentNode(bed, node), 0);
  const others = (each: NodeRecord): boolean => each.spec.name !== node;
  updateRecord(bed, (record) => ({ ...record, nodes: record.nodes.filter(others) }));
}

async function loadImage(bed: string, image: Image): Promise<void> {
  const { nodes } = updateRecord(bed, (record) => ({
    ...record,
    images: [...record.images.filter(({ reference }) => reference !== image.reference), image],
  }));
  const on = nodes.filter((node) => machineOf(node).isOn(node));
  await Promise.all(on.map((node) => machineOf(node).importImage(node, image)));
}
