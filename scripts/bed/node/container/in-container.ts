// Commands inside a container.

import { run } from '../../build/run.ts';
import type { Outcome, RunOptions } from '../../build/run.ts';
import type { NodeRecord } from '../../lifecycle/record.ts';
import { NODE_ENVIRONMENT } from '../environment.ts';
import { leaderOf } from './leader.ts';

/** Runs a command in all of the container's namespaces. */
export async function inContainer(
  node: NodeRecord,
  argv: readonly string[],
  options: RunOptions = {},
): Promise<Outcome> {
  const enter = ['nsenter', '--target', String(requireLeader(node)), '--all', '--root', '--wd'];
  return run([...enter, ...argv], options, NODE_ENVIRONMENT);
}

/** Returns this machine's id of the node's PID 1; throws while the node is off. */
export function requireLeader(node: NodeRecord): number {
  const leader = leaderOf(node);
  if (leader !== undefined) return leader.pid;
  throw new Error(`Expected the node ${node.spec.name} to be powered on, but it is off.`);
}
