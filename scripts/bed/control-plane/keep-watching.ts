// A watch of a bed's API server that reconnects whenever it ends.

import { type KubeConfig, Watch } from '@kubernetes/client-node';

export interface Watched<T> {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly onObject: (object: T, gone: boolean) => void;
  /** Ends the watch. */
  readonly signal: AbortSignal;
}

const REOPEN_MS = 20;

/** Resolves when the first watch is open, and rejects when that fails; retries later failures. */
export async function keepWatching<T>(config: KubeConfig, watched: Watched<T>): Promise<void> {
  const { path, query, onObject, signal } = watched;
  const again = (): void => {
    if (!signal.aborted) setTimeout(() => void keepWatching(config, watched).catch(again), REOPEN_MS);
  };
  // Resource version 0, from the watch cache: for the latest the API server sometimes answers "Too large resource version".
  const connection = await new Watch(config).watch(
    path,
    { ...query, resourceVersion: '0' },
    (phase, object: T) => {
      if (phase === 'ADDED' || phase === 'MODIFIED' || phase === 'DELETED')
        onObject(object, phase === 'DELETED');
    },
    again,
  );
  if (signal.aborted) connection.abort();
  else signal.addEventListener('abort', () => connection.abort(), { once: true });
}
