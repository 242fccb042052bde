// The signals that ask the agent to end.

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/**
 * Resolves with the first signal that asks this process to end. From the call on no such signal ends it by itself.
 * The listeners stay: execa's signal-exit, loaded with every child process, ends the process when it finds itself
 * alone with a signal, which a listener that is gone after its first call makes it believe.
 */
export function termination(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of SIGNALS) {
      process.on(signal, resolve);
    }
  });
}
