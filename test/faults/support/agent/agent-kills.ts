// kill -9 of a node's agent, from this machine: nothing of the node is asked, so nothing delays it.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { asContainer } from '../../../../scripts/bed/bed.ts';
import type { TestNode } from '../../../../scripts/node/test-node.ts';

const PROGRAM = 'kubelet-sysctls.mjs';
const SERVICE_PROGRAM = '/usr/local/bin/kubelet-sysctls';
const POLL_MS = 30;

/** Ids on this machine of the agents that run on the node. */
export function agentsOn({ bedNode }: TestNode): readonly number[] {
  return processesOf(asContainer(bedNode).leader).filter((pid) => isAgent(pid) === true);
}

/** The id on this machine of the host's own service on the node; undefined: it does not run. */
export function hostServiceOn({ bedNode }: TestNode): number | undefined {
  return processesOf(asContainer(bedNode).leader).find((pid) => argvOf(pid)[0] === SERVICE_PROGRAM);
}

/** True when at least one of them was there. */
export function killAll(pids: readonly number[]): boolean {
  return pids.map((pid) => kill(pid)).includes(true);
}

export interface KeptDead extends Disposable {
  /** How many were killed since. */
  readonly kills: number;
}

/** Kills every agent that begins on the node, within some 30 ms, until it is disposed of. */
export function keepDead({ bedNode }: TestNode): KeptDead {
  const { leader } = asContainer(bedNode);
  const others = new Set<number>();
  let kills = 0;
  const killNew = (): void => {
    for (const pid of processesOf(leader)) {
      if (others.has(pid)) continue;
      const found = isAgent(pid);
      if (found === true && kill(pid)) kills += 1;
      if (found === false) others.add(pid);
    }
  };
  killNew();
  const timer = setInterval(killNew, POLL_MS);
  return {
    get kills() {
      return kills;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

/** A pod with hostPID has the PID namespace of its node. */
function processesOf(leader: number): readonly number[] {
  const namespace = namespaceOf(leader);
  return readdirSync('/proc')
    .filter((name) => /^\d+$/u.test(name))
    .map(Number)
    .filter((pid) => namespace !== undefined && namespaceOf(pid) === namespace);
}

function namespaceOf(pid: number): string | undefined {
  return orUndefined(() => readlinkSync(`/proc/${pid}/ns/pid`));
}

/** undefined while the process is still to become what it is to be. */
function isAgent(pid: number): boolean | undefined {
  const argv = argvOf(pid);
  if (argv[0] === '' || argv[0]?.includes('runc') === true) return undefined;
  return argv[0] === 'node' && argv.some((word) => word.endsWith(PROGRAM));
}

function argvOf(pid: number): readonly string[] {
  return orUndefined(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'))?.split('\0') ?? [''];
}

function kill(pid: number): boolean {
  return orUndefined(() => process.kill(pid, 'SIGKILL')) ?? false;
}

/** For what may be gone at any moment. */
function orUndefined<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}
