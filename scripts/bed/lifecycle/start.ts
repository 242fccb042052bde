// Starts a bed, up to Ready nodes.

import { settleAll } from '../../../agent/time/settle.ts';
import { makeCgroup } from '../host/cgroups.ts';
import { claimBed } from './claim.ts';
import type { BedOptions } from './claim.ts';
import { prepareControlPlane, startApi, startControlPlane } from '../control-plane/control-plane.ts';
import { startGuardian } from './guardian.ts';
import { ensureHostPackages, VM_PACKAGES } from '../build/host-packages.ts';
import { imageStore } from '../images/image-store.ts';
import { pauseImage } from '../images/images.ts';
import { DEFAULT_KUBERNETES_VERSION, kubernetesBinary } from '../build/kubernetes.ts';
import { insertRule, makeBridge } from '../network/network.ts';
import { enterNode, makeNode } from '../node/node-make.ts';
import type { Log } from '../util/progress.ts';
import { waitForPodsWelcome, waitForReady } from '../control-plane/ready.ts';
import { updateRecord } from './record.ts';
import type { BedRecord } from './record.ts';
import type { NodeSpec } from '../node/layouts.ts';
import { systemOf } from '../node/vm/systems.ts';
import { vmDisk } from '../node/vm/vm-disk.ts';
import { raiseSettings } from '../node/settings.ts';
import { takeDown } from './take-down.ts';

const CONTROLLERS = ['kube-controller-manager', 'kube-scheduler'] as const;
const BED_NAME = /^[a-z0-9][-a-z0-9]{0,40}$/;

/** Makes a bed; resolves when its nodes are Ready. After a failure it removes the bed, unless KUBELET_SYSCTLS_KEEP_FAILED is set. */
export async function startCluster(options: BedOptions, log: Log): Promise<void> {
  if (!BED_NAME.test(options.name))
    throw new Error(`Expected a bed name made of a-z, 0-9 and -, got ${options.name}.`);
  if (process.getuid?.() !== 0)
    throw new Error('Expected to run as root: a bed creates nodes, links and mounts.');
  const version = options.version ?? DEFAULT_KUBERNETES_VERSION;
  await buildFirst(options, version, log);
  const record = await claimBed(options, version);
  const guardian = startGuardian(record.name, record.id);
  try {
    updateRecord(record.name, (current) => ({
      ...current,
      ...(guardian.id === undefined ? {} : { guardian: guardian.id }),
    }));
    await log.step(`Starting the cluster ${record.name}`, (note) => build(record, options, log, note));
    updateRecord(record.name, (current) => ({ ...current, state: 'up' }));
    if (record.lifetime === 'keep') guardian.dismiss();
  } catch (error) {
    if (process.env['KUBELET_SYSCTLS_KEEP_FAILED']) guardian.dismiss();
    else
      await takeDown(record.name, { id: record.id, graceMs: 0 }).catch((left: unknown) =>
        log.say(String(left)),
      );
    throw error;
  }
}

/** Builds everything that is slow the first time, before any process of the bed starts. */
async function buildFirst(
  { nodes, controllers = true, images = [] }: BedOptions,
  version: string,
  log: Log,
): Promise<void> {
  await ensureHostPackages(log);
  for (const command of ['kube-apiserver', 'kubectl', ...(controllers ? CONTROLLERS : [])] as const) {
    await kubernetesBinary(command, version, log);
  }
  for (const kubelet of new Set(nodes.map((node) => node.kubelet ?? version)))
    await kubernetesBinary('kubelet', kubelet, log);
  const all = [await pauseImage(log), ...images];
  if (!nodes.every(isVm)) await imageStore(all, log);
  if (nodes.some(isVm)) await ensureHostPackages(log, VM_PACKAGES);
  for (const node of nodes.filter(isVm)) {
    const kubelet = await kubernetesBinary('kubelet', node.kubelet ?? version, log);
    await vmDisk({ system: systemOf(node), kubelet, images: all }, log);
  }
}

function isVm({ machine }: NodeSpec): boolean {
  return machine === 'vm';
}

async function build(
  record: BedRecord,
  { nodes, controllers = true, images = [] }: BedOptions,
  log: Log,
  note: (text: string) => void,
): Promise<void> {
  await raiseSettings();
  makeCgroup(record.cgroups);
  await makeBridge(record.bridge, record.slot);
  for (const [, ...rule] of record.undoRules) await insertRule(rule);
  note('certificates');
  await prepareControlPlane(record);
  const pause = await pauseImage(log);
  updateRecord(record.name, (current) => ({ ...current, images: [pause, ...images] }));
  note('control plane and nodes');
  for (const node of nodes) enterNode(record.name, node);
  // Not Promise.all: a cleanup must not run beside them.
  await settleAll([
    controllers ? startControlPlane(record, log) : startApi(record, log),
    ...nodes.map((node) => makeNode(record.name, node.name, log)),
  ]);
  note('waiting for the nodes to be Ready');
  if (controllers) await waitForPodsWelcome(record.name);
  await waitForReady(
    record.name,
    nodes.map((node) => node.name),
  );
}
