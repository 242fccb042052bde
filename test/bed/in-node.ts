// Commands inside a node.

import { isAlive } from './processes.ts';
import type { NodeRecord } from './record.ts';
import { run } from './run.ts';
import type { Outcome, RunOptions } from './run.ts';

/** Runs a command in all of the node's namespaces, with the environment of a service. */
export async function inNode(
  node: NodeRecord,
  argv: readonly string[],
  options: RunOptions = {},
): Promise<Outcome> {
  if (!isAlive(node.leader))
    throw new Error(`Expected the node ${node.spec.name} to be powered on, but it is off.`);
  return run(
    ['nsenter', '--target', String(node.leader?.pid), '--all', '--root', '--wd', ...argv],
    options,
    NODE_ENVIRONMENT,
  );
}

const NODE_ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C.UTF-8',
  LC_ALL: 'C.UTF-8',
  HOME: '/root',
};
