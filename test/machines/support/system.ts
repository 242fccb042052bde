// What the virtual machine of this run runs.

import { VM_SYSTEMS, type VmSystem } from '../../../scripts/bed/node/layouts.ts';

const VARIABLE = 'KUBELET_SYSCTLS_MACHINES_SYSTEM';

/** The system of this run; throws when the variable names none. */
export const SYSTEM: VmSystem = systemFrom(process.env[VARIABLE] ?? 'debian13');

function systemFrom(text: string): VmSystem {
  const system = VM_SYSTEMS.find((each) => each === text);
  if (system !== undefined) return system;
  throw new Error(`Expected ${VARIABLE} to be one of ${VM_SYSTEMS.join(', ')}, got ${text}.`);
}
