// What the virtual machine of this run runs.

import type { VmSystem } from '../../../scripts/bed/node/layouts.ts';
import { DEFAULT_SYSTEM, systemNamed } from '../../../scripts/bed/node/vm/systems.ts';

const VARIABLE = 'KUBELET_SYSCTLS_MACHINES_SYSTEM';

/** The system of this run; throws when the variable names none. */
export const SYSTEM: VmSystem = systemNamed(process.env[VARIABLE] ?? DEFAULT_SYSTEM, VARIABLE);
