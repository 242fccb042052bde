// The bed of this project: a node that is a virtual machine, with the agent, and a container for the coordinators, which an emulated machine
// starts in minutes; made before the first test, removed after the last.

import type { TestProject } from 'vitest/node';
import { settleAll } from '../../agent/time/settle.ts';
import { type Bed, type NodeSpec, openBed, startBed } from '../../scripts/bed/bed.ts';
import { systemOf } from '../../scripts/bed/node/vm/systems.ts';
import { ensureHostPackages } from '../../scripts/bed/build/host-packages.ts';
import { agentImage, demoAppImage } from '../../scripts/bed/images/images.ts';
import { consoleLog, type Log } from '../../scripts/bed/util/progress.ts';
import { installOn } from '../../scripts/install/install.ts';
import { ONE_KUBELET } from '../../scripts/matrix/nodes.ts';
import { SYSTEM } from './support/system.ts';

declare module 'vitest' {
  // oxlint-disable-next-line typescript/consistent-type-definitions -- an interface is what merges.
  export interface ProvidedContext {
    machinesBed: string;
  }
}

const KUBELET = process.env[ONE_KUBELET];
const NODE: NodeSpec = {
  name: 'v1',
  machine: 'vm',
  system: SYSTEM,
  ...(KUBELET === undefined ? {} : { kubelet: KUBELET }),
  layout: 'deb-full',
  files: { '/etc/existing/file': 'before the first boot\n' },
};
const COORDINATORS: NodeSpec = { name: 'c1', layout: 'deb-missing' };
/** Names a bed to use as it is, or to start and keep: for work on a single case. */
const KEPT_BED = process.env['KUBELET_SYSCTLS_E2E_BED'];

/** Resolves with a function that removes the bed. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const log = consoleLog();
  const bed = await makeBed(log);
  project.provide('machinesBed', bed.name);
  return async () => {
    if (KEPT_BED === undefined) await log.step(`Removing the cluster ${bed.name}`, () => bed.down());
  };
}

async function makeBed(log: Log): Promise<Bed> {
  const found = KEPT_BED === undefined ? undefined : await openBed(KEPT_BED);
  if (found !== undefined) return ofThisSystem(found);
  await ensureHostPackages(log);
  const [agent, app] = await settleAll([agentImage(log), demoAppImage(log)]);
  const lifetime = KEPT_BED === undefined ? 'process' : 'keep';
  const name = KEPT_BED ?? `machines-${process.pid}`;
  const bed = await startBed({ name, lifetime, nodes: [NODE, COORDINATORS], images: [agent, app] }, log);
  try {
    await bed.kubectl(['cordon', NODE.name]);
    await log.step('The agent on the virtual machine', (note) => installOn(bed, agent, note));
    await bed.kubectl(['uncordon', NODE.name]);
    return bed;
  } catch (error) {
    if (KEPT_BED === undefined) await bed.down();
    throw error;
  }
}

function ofThisSystem(bed: Bed): Bed {
  const system = systemOf(bed.node(NODE.name).spec);
  if (system === SYSTEM) return bed;
  throw new Error(
    `Expected the bed ${bed.name} to run ${SYSTEM}, got ${system}. Name another, or take it down.`,
  );
}
