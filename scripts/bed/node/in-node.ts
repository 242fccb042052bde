// Commands inside a node.

import { leaderOf } from './container/leader.ts';
import type { NodeRecord } from '../lifecycle/record.ts';
import { run } from '../build/run.ts';
import type { Outcome, RunOptions } from '../build/run.ts';

/** Runs a command in all of the node's namespaces, with the environment of a service. */
export async function inNode(
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

const NODE_ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C.UTF-8',
  LC_ALL: 'C.UTF-8',
  HOME: '/root',
};
