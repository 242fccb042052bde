// The lock of this process on its node: one agent works there, in a pod or as the host's own service.

import type { Logger } from 'pino';
import { HOST_SERVICE_LABEL } from '../../names.ts';
import { LOCK_FOLDER, type LockHolder, lockNode, type NodeLock } from '../../host/lock.ts';
import type { StateStore } from '../../node/state/state-store.ts';

export interface AgentLock {
  /** Resolves after the agent that holds the lock has ended; with false when this process is to end first. Rejects as `lockNode`. */
  take(): Promise<boolean>;
  release(): void;
}

export interface AgentLockOptions {
  /** The host's root folder. */
  readonly root: string;
  readonly as: LockHolder;
  readonly log: Pick<Logger, 'warn'>;
  /** Resolves when the process is to end. */
  readonly ended: Promise<unknown>;
  /** Called with the text for a person when another agent holds the lock, and when one of the other kind does. */
  readonly onBusy?: (text: string, holder: LockHolder) => void;
  /** Called when a `take` has ended, however it did. */
  readonly onWaited?: () => void;
}

/** Takes nothing before `take`. */
export function agentLock({ root, as, log, ended, onBusy, onWaited }: AgentLockOptions): AgentLock {
  const giveUp = new AbortController();
  void ended.then(() => giveUp.abort());
  let lock: NodeLock | undefined;
  return {
    async take() {
      try {
        lock ??= await lockNode(root + LOCK_FOLDER, {
          as,
          giveUp: giveUp.signal,
          onBusy: (holder) => {
            const text = busyText(as, holder);
            log.warn({ holder }, text);
            onBusy?.(text, holder);
          },
          onAsked: () =>
            log.warn(
              {},
              'Another agent waits for the node lock, which this one holds. One of them is not needed on this node.',
            ),
        });
        return lock !== undefined;
      } finally {
        onWaited?.();
      }
    },
    release: () => lock?.release(),
  };
}

/** The agent's first step on the host is to load its state: nothing happens there without the lock. */
export function lockedStore(store: StateStore, lock: Pick<AgentLock, 'take'>): StateStore {
  return {
    ...store,
    async load() {
      if (!(await lock.take())) {
        throw new Error('The agent ends before it has the node lock.');
      }
      return store.load();
    },
  };
}

/** Returns who holds the lock, and how to end that when it is not wanted. */
function busyText(as: LockHolder, holder: LockHolder): string {
  if (as === holder) {
    return `Another agent holds the node lock. This agent waits until that one ends. Remove the duplicate ${as === 'pod' ? 'DaemonSet' : 'service'}.`;
  }
  return as === 'service'
    ? `The agent of a pod holds the node lock. This service waits until that one ends. To keep the DaemonSet's pods off this node: ${LABEL}`
    : "The host's own service holds the node lock. This agent waits until that one ends " +
        `(systemctl disable --now kubelet-sysctl-agent.service). To keep the service: ${LABEL}`;
}

const LABEL = `kubectl label node NODE ${HOST_SERVICE_LABEL}=true`;
