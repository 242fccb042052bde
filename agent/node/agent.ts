// One node's agent: every wake-up recomputes everything; the agent writes and restarts only what differs.

import { ROLLBACK_INCOMPLETE } from '../names.ts';
import { createLoop } from '../time/loop.ts';
import { createFailures } from './failures.ts';
import { explainFailure } from './observe/failure.ts';
import { RollBackError } from './change/rollback.ts';
import { createPublisher, NotReported } from './report/publisher.ts';
import type { NodeObject } from './ports.ts';
import { createReconciler, type ReconcileOptions, type ReconcilePorts } from './reconcile.ts';
import type { ConfigMapObject } from '../policy/config-map.ts';

export type AgentPorts = Omit<ReconcilePorts, 'publisher'>;

export interface AgentOptions extends ReconcileOptions {
  /** Called after each pass whose report the API server has. */
  readonly onReported: () => void;
}

export interface Agent {
  /** undefined: the API server has no such Node. */
  setNode(node: NodeObject | undefined): void;
  /** undefined: the API server has no such ConfigMap. */
  setConfigMap(configMap: ConfigMapObject | undefined): void;
  hostChanged(): void;
  /** How long the pass under way has lasted, in ms; 0 while none is. */
  passMs(): number;
  /** Resolves when a change that is under way has ended. */
  stop(): Promise<void>;
}

/** Time for a file that is being written to settle, in ms. */
const SETTLE_MS = 30;
/** Interval of passes without an event, for changes that neither a watch nor inotify reports, in ms. */
const RESYNC_MS = 600_000;
/** So many passes in a row must fail before the node shows it. */
const REPORTED_ERRORS = 3;

/** Completes or undoes a change that an earlier run left open; reconciles as soon as both the Node and the ConfigMap were set once. */
export function createAgent(ports: AgentPorts, options: AgentOptions): Agent {
  const publisher = createPublisher(ports.cluster, ports.log);
  const reconciler = createReconciler({ ...ports, publisher }, options);
  const failures = createFailures(ports.random);
  const loop = createLoop(ports.clock, timedPass);
  let passSinceMs: number | undefined;
  let node: NodeObject | undefined;
  let configMap: { readonly seen: ConfigMapObject | undefined } | undefined;
  let recovered = false;

  async function timedPass(): Promise<number> {
    passSinceMs = ports.clock.monotonicMs();
    const ms = await pass();
    passSinceMs = undefined;
    return ms;
  }

  async function pass(): Promise<number> {
    try {
      if (!recovered) {
        await reconciler.recover();
        recovered = true;
        // What arrived during the recovery has not caused a pass yet.
        loop.wake();
        return RESYNC_MS;
      }
      if (node === undefined || configMap === undefined) {
        return RESYNC_MS;
      }
      const next = await reconciler.reconcile(node, configMap.seen);
      failures.succeeded();
      options.onReported();
      return next === undefined ? RESYNC_MS : Math.max(0, next.getTime() - ports.clock.now().getTime());
    } catch (error) {
      return error instanceof NotReported ? afterRefusedReport(error) : afterHostError(error);
    }
  }

  async function afterHostError(error: unknown): Promise<number> {
    const { count, pauseMs } = failures.onHostError();
    ports.log.warn({ err: error, count }, 'This pass over the node failed; the agent retries');
    if (count >= REPORTED_ERRORS) {
      await reportFailure(error);
    }
    return pauseMs;
  }

  function afterRefusedReport(error: NotReported): number {
    ports.log.warn({ err: error }, 'The report of this node was not accepted; the agent retries');
    return failures.onRefusedReport(error.retryAfterMs);
  }

  async function reportFailure(error: unknown): Promise<void> {
    try {
      const failure = await explainFailure(ports, node, error);
      await publisher.publishFailure(
        error instanceof RollBackError ? { ...failure, reasonCode: ROLLBACK_INCOMPLETE } : failure,
      );
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
        reconciler.onNode(seen);
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
      loop.wakeAfter(SETTLE_MS);
    },
    passMs: () => (passSinceMs === undefined ? 0 : ports.clock.monotonicMs() - passSinceMs),
    async stop() {
      await loop.stop();
      ports.watch.close();
    },
  };
}
