// The end of a command that takes too long, and of all that it has started.

import type { ChildProcess } from 'node:child_process';

type Leader = Pick<ChildProcess, 'pid' | 'stdout' | 'stderr'>;

export interface GroupTimeout {
  readonly isOver: boolean;
  /** Call when the child has ended: after a timeout nothing of its group is left then. */
  end(): void;
}

/** How long a process group has after SIGTERM, in ms. */
const KILL_AFTER_MS = 2000;

/** After `ms`, ends the process group that `child` leads (spawn's `detached`): by SIGTERM, then by SIGKILL. */
export function endGroupAfter(child: Leader, ms: number): GroupTimeout {
  let isOver = false;
  let timer = setTimeout(() => {
    isOver = true;
    signalGroup(child, 'SIGTERM');
    timer = setTimeout(() => {
      signalGroup(child, 'SIGKILL');
      // A process that has left the group may hold the other ends.
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
    // No process is left in the group.
  }
}
