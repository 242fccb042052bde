// The node's PID 1 as seen from this machine. It is looked up, not remembered: a node that reboots by itself has another one.

import { childrenOf, commandOf, identify, isAlive } from '../host/processes.ts';
import type { ProcessId } from '../host/processes.ts';
import type { NodeRecord } from '../lifecycle/record.ts';

/** systemd, and what it becomes while it powers off. */
const FIRST_PROCESSES = ['systemd', 'systemd-shutdow'];

/** undefined while the node is off, or so early in its boot that systemd has not begun. */
export function leaderOf({ supervisor }: Pick<NodeRecord, 'supervisor'>): ProcessId | undefined {
  if (supervisor === undefined || !isAlive(supervisor)) return undefined;
  const children = childrenOf(supervisor.pid);
  const leader = [...children, ...children.flatMap(childrenOf)].find((pid) =>
    FIRST_PROCESSES.includes(commandOf(pid) ?? ''),
  );
  return leader === undefined ? undefined : identify(leader);
}
