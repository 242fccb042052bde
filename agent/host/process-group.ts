// Terminates a command that takes too long, and all processes that it started.

import type { ChildProcess } from 'node:child_process';

type Leader = Pick<ChildProcess, 'pid' | 'stdout' | 'stderr'>;

export interface GroupTimeout {
  readonly isOver: boolean;
  /** Call after the child has exited. After a timeout it kills what is left of the group. */
  end(): void;
}

/** Time between SIGTERM and SIGKILL, in ms. */
const KILL_AFTER_MS = 2000;

/** After `ms`, terminates the process group that `child` leads (spawn's `detached`) with SIGTERM, then SIGKILL. */
export function endGroupAfter(child: Leader, ms: number): GroupTimeout {
  let isOver = false;
  let timer = setTimeout(() => {
    isOver = true;
    signalGroup(child, 'SIGTERM');
    timer = setTimeout(() => {
      signalGroup(child, 'SIGKILL');
      // A process that has left the group may still hold the write ends open.
      child.stdout?.destroy();
      child.stderr?.destroy();
    }, KILL_AFTER_MS);
  }, ms);

  return {
    get isOver() {
      return isOver;
    },
    end() {
      clearTimeout(timer);
      if (isOver) {
        signalGroup(child, 'SIGKILL');
      }
    },
  };
}

function signalGroup({ pid }: Leader, signal: NodeJS.Signals): void {
  if (pid === undefined) {
    return;
  }
  try {
    process.kill(-pid, signal);
  } catch {
    // The group has no process left.
  }
}
