// Which machine a node is.

import type { Outcome, RunOptions } from '../build/run.ts';
import type { NodeRecord } from '../lifecycle/record.ts';
import { container } from './container/container.ts';
import type { MachineKind } from './layouts.ts';
import type { Machine } from './machine.ts';
import { vm } from './vm/vm.ts';

const MACHINES: Readonly<Record<MachineKind, Machine>> = { container, vm };

export function machineOf({ spec }: Pick<NodeRecord, 'spec'>): Machine {
  return MACHINES[spec.machine ?? 'container'];
}

/** Runs a command in the node as root, with the environment of a service; throws while the node is off. */
export async function inNode(
  node: NodeRecord,
  argv: readonly string[],
  options: RunOptions = {},
): Promise<Outcome> {
  return machineOf(node).exec(node, argv, options);
}
