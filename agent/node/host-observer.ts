// Observes the node under a watch: what changes after an observation began causes another pass.

import { isDeepStrictEqual } from 'node:util';
import type { Memory } from './memory.ts';
import { observe, type Observation, type ObservePorts, type Unobservable } from './observe.ts';
import type { HostWatch } from './ports.ts';

export interface HostObserver {
  /** `started` is what was saved of the kubelet that runs. Throws when the host cannot be asked at all. */
  observe(started: Memory['started']): Promise<Observation | Unobservable>;
}

export function createHostObserver(ports: ObservePorts & { readonly watch: HostWatch }): HostObserver {
  let watched: readonly string[] = [];

  return {
    async observe(started) {
      // Also opens a watched folder again that was replaced meanwhile.
      await ports.watch.watchPaths(watched);
      const observation = await observe(ports, started);
      if (isDeepStrictEqual(watched, observation.watch)) {
        return observation;
      }
      watched = observation.watch;
      await ports.watch.watchPaths(watched);
      return observe(ports, started);
    },
  };
}
