// Looks at the host. What nothing was told of since the last whole look is not asked of systemd again.

import { isDeepStrictEqual } from 'node:util';
import type { PastChange } from './memory.ts';
import { confirm, observe, type Observation, type ObservePorts, type Unobservable } from './observe.ts';
import type { Clock, HostWatch } from './ports.ts';

export interface HostLooksPorts extends ObservePorts {
  readonly watch: HostWatch;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

export interface HostLooks {
  /** To be told of each change of what is watched, at once. */
  changed(): void;
  /** `last` is what was seen last; undefined where we have changed something ourselves since. */
  look(
    last: Observation | Unobservable | undefined,
    history: readonly PastChange[] | undefined,
  ): Promise<HostLook>;
}

export interface HostLook {
  readonly seen: Observation | Unobservable;
  /** Watches what says something about the next start. */
  readonly watch: () => Promise<void>;
}

/** A whole look without a cause, for what neither a watch nor inotify tells, in ms. */
export const RESYNC_MS = 600_000;

export function createHostLooks(ports: HostLooksPorts): HostLooks {
  let changes = 0;
  /** In place. */
  let watched: readonly string[] | undefined;
  /** The last whole look, all of it made under the watch. */
  let whole: { readonly changes: number; readonly beganMs: number } | undefined;

  return {
    changed() {
      changes += 1;
    },

    async look(last, history) {
      if (last?.kind === 'seen' && holds()) {
        const confirmed = await confirm(ports, last);
        if (confirmed !== undefined && holds()) {
          return { seen: confirmed, watch: () => Promise.resolve() };
        }
      }
      const began = { changes, beganMs: ports.clock.monotonicMs() };
      const before = watched;
      const seen = await observe(ports, { last, history });
      whole = isDeepStrictEqual(before, seen.watch) ? began : undefined;
      return { seen, watch: () => watch(seen.watch) };
    },
  };

  function holds(): boolean {
    return whole?.changes === changes && ports.clock.monotonicMs() - whole.beganMs < RESYNC_MS;
  }

  async function watch(paths: readonly string[]): Promise<void> {
    watched = undefined;
    await ports.watch.watchPaths(paths);
    watched = paths;
  }
}
