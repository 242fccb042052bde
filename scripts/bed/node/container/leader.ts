// The node's PID 1 as seen from this machine. It is read at each call, not stored: it changes when the node reboots.

import { childrenOf, commandOf, identify, isAlive } from '../../host/processes.ts';
import type { ProcessId } from '../../host/processes.ts';
import type { NodeRecord } from '../../lifecycle/record.ts';

/** The names of PID 1: systemd, and the program that it executes to power off. */
const FIRST_PROCESSES = ['systemd', 'systemd-shutdow'];

/** Returns undefined while the node is off, or before systemd has started in its boot. */
export function leaderOf({ supervisor }: Pick<NodeRecord, 'supervisor'>): ProcessId | undefined {
  if (supervisor === undefined || !isAlive(supervisor)) return undefined;
  const children = childrenOf(supervisor.pid);
  const leader = [...children, ...children.flatMap(childrenOf)].find((pid) =>
    FIRST_PROCESSES.includes(commandOf(pid) ?? ''),
  );
  return leader === undefined ? undefined : identify(leader);
}
