// One node's agent: every wake-up recomputes everything; what does not differ is neither written nor restarted.

import { errorText } from '../text/error-text.ts';
import { createLoop } from '../time/loop.ts';
import { RESYNC_MS } from './host-looks.ts';
import { createPublisher, NotReported } from './publish.ts';
import type { ConfigMapObject, NodeObject } from './ports.ts';
import { createReconciler, type ReconcileOptions, type ReconcilePorts } from './reconcile.ts';

export type AgentPorts = Omit<ReconcilePorts, 'publisher'>;

export interface AgentOptions extends ReconcileOptions {
  /** Called after each look of which the API server has all that is to be told. */
  readonly onReported: () => void;
}

export interface Agent {
  /** undefined: the API server has no such Node. */
  setNode(node: NodeObject | undefined): void;
  /** undefined: the API server has no such ConfigMap. */
  setConfigMap(configMap: ConfigMapObject | undefined): void;
  hostChanged(): void;
  /** Resolves when a change that is under way has ended. */
  stop(): Promise<void>;
}

/** A file that is being written is left to settle, in ms. */
const SETTLE_MS = 30;
const ERROR_PAUSE_MS = 1000;
const LONGEST_ERROR_PAUSE_MS = 60_000;
const LONGEST_REPORT_PAUSE_MS = 10_000;
const OVERLOAD_PAUSE_MS = 5000;
/** So many looks in a row must fail before the node shows it. */
const TOLD_ERRORS = 3;

/** Ends at once what an earlier run left open; looks as soon as both the Node and the ConfigMap were set once. */
export function createAgent(ports: AgentPorts, options: AgentOptions): Agent {
  const publisher = createPublisher(ports.cluster, ports.log);
  const reconciler = createReconciler({ ...ports, publisher }, options);
  const loop = createLoop(ports.clock, look);
  let node: NodeObject | undefined;
  let configMap: { readonly seen: ConfigMapObject | undefined } | undefined;
  let recovered = false;
  let errors = 0;

  async function look(): Promise<number> {
    try {
      if (!recovered) {
        await reconciler.recover();
        recovered = true;
        return RESYNC_MS;
      }
      if (node === undefined || configMap === undefined) {
        return RESYNC_MS;
      }
      const next = await reconciler.reconcile(node, configMap.seen);
      errors = 0;
      options.onReported();
      return next === undefined ? RESYNC_MS : Math.max(0, next.getTime() - ports.clock.now().getTime());
    } catch (error) {
      errors += 1;
      ports.log.warn({ err: error, errors }, 'This look at the node failed; the next follows by itself');
      if (errors >= TOLD_ERRORS && !(error instanceof NotReported)) {
        await tell(error);
      }
      return pauseAfter(error);
    }
  }

  /** A whole fleet's reports are refused at once, and must not come back at once. */
  function pauseAfter(error: unknown): number {
    const grown = 2 ** (errors - 1);
    if (!(error instanceof NotReported)) {
      return Math.min(ERROR_PAUSE_MS * grown, LONGEST_ERROR_PAUSE_MS);
    }
    const { retryAfterMs } = error;
    if (retryAfterMs === undefined) {
      return ports.random() * Math.min(ERROR_PAUSE_MS * grown, LONGEST_REPORT_PAUSE_MS);
    }
    // Whoever comes back too early has it say so once more.
    const asked = Math.min(retryAfterMs, LONGEST_ERROR_PAUSE_MS);
    return asked + ports.random() * Math.min(OVERLOAD_PAUSE_MS * grown, LONGEST_ERROR_PAUSE_MS);
  }

  async function tell(error: unknown): Promise<void> {
    try {
      await publisher.publishFailure(`This node cannot be looked at: ${errorText(error)}`);
      options.onReported();
    } catch (unreported) {
      ports.log.warn({ err: unreported }, 'The failure could not be reported');
    }
  }

  loop.wake();
  return {
    setNode(seen) {
      const isNews = seen === undefined || publisher.setNode(seen) || node === undefined;
      node = seen;
      if (seen !== undefined) {
        reconciler.hear(seen);
      }
      if (isNews) {
        loop.wake();
      }
    },
    setConfigMap(seen) {
      configMap = { seen };
      loop.wake();
    },
    hostChanged() {
      reconciler.hostChanged();
      loop.wakeAfter(SETTLE_MS);
    },
    async stop() {
      await loop.stop();
      ports.watch.close();
    },
  };
}
