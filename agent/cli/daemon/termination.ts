// The signals that end the agent and the coordinator.

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/**
 * Resolves with the first SIGTERM or SIGINT. From the call on these signals do not end the process: the caller must.
 */
export function termination(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of SIGNALS) {
      // Not `once`: execa loads signal-exit, which ends the process when its own listener is the only one left.
      process.on(signal, resolve);
    }
  });
}
