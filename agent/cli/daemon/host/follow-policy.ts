// Reads the host's policy now and after every change of its files.

import { createHash } from 'node:crypto';
import { hostWatch } from '../../../host/watch/watch.ts';
import type { ConfigMapObject } from '../../../policy/config-map.ts';
import type { Clock } from '../../../time/clock.ts';
import { createLoop } from '../../../time/loop.ts';
import { errorText } from '../../../text/error-text.ts';
import { type InUse, withInUse } from '../../host-policy/in-use.ts';
import { type HostPolicy, readHostPolicy } from '../../host-policy/read.ts';

export interface FollowPolicyOptions {
  /** An absolute path. */
  readonly path: string;
  readonly inUse: InUse | undefined;
  readonly clock: Clock;
  /** Called with the first policy, and with each that differs from the one before it; `sinceMs` is when its read began, on the monotonic clock. */
  readonly onPolicy: (configMap: ConfigMapObject, sinceMs: number) => void;
  /** Called with the reason when the files cannot be watched; they are then read every 10 s. */
  readonly onPolling: (why: string) => void;
}

/** An editor that writes in place does so in pieces, and half a list is a valid one: the policy is read when so much time has passed without a write. */
const SETTLE_MS = 250;
/** For changes that inotify does not report. */
const RESYNC_MS = 600_000;
/** While the files cannot be watched. */
const POLL_MS = 10_000;

/** Follows the policy until the returned function is called, which resolves when the last read has ended. */
export function followPolicy({
  path,
  inUse,
  clock,
  onPolicy,
  onPolling,
}: FollowPolicyOptions): () => Promise<void> {
  let last: string | undefined;
  let changes = 0;
  const watch = hostWatch('', () => void settle(), { onPolling });
  const loop = createLoop(clock, pass);

  async function settle(): Promise<void> {
    changes += 1;
    const seen = changes;
    await clock.sleep(SETTLE_MS);
    if (seen === changes) loop.wake();
  }

  async function pass(): Promise<number> {
    const sinceMs = clock.monotonicMs();
    // A change after the last read is one of files that are watched by then.
    await watchAll([]);
    const { files } = await readHostPolicy(path);
    const isWatched = await watchAll(files);
    const policy = await readHostPolicy(path);
    const configMap = objectOf(path, { ...policy, data: withInUse(policy.data, inUse) });
    if (configMap.resourceVersion !== last) {
      last = configMap.resourceVersion;
      onPolicy(configMap, sinceMs);
    }
    return isWatched ? RESYNC_MS : POLL_MS;
  }

  /** Watches the policy's path and these files. False when they cannot be watched. */
  async function watchAll(files: readonly string[]): Promise<boolean> {
    try {
      // The slash counts where the path is a folder: its entries are watched too.
      await watch.watchPaths([`${path}/`, ...files]);
      return true;
    } catch (error) {
      onPolling(errorText(error));
      return false;
    }
  }

  loop.wake();
  return async () => {
    watch.close();
    await loop.stop();
  };
}

/** The hash of what was read stands for the version that an API server would give. */
function objectOf(
  path: string,
  { data, unreadable }: Pick<HostPolicy, 'data' | 'unreadable'>,
): ConfigMapObject {
  const text = JSON.stringify([
    Object.entries(data).toSorted(([one], [other]) => (one < other ? -1 : 1)),
    unreadable,
  ]);
  const resourceVersion = createHash('sha256').update(text).digest('hex').slice(0, 10);
  return { namespace: '', name: path, uid: '', resourceVersion, data, ...(unreadable && { unreadable }) };
}
