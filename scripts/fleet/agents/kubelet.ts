// The part of a restarted kubelet that the API server sees: it reports its node.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin } from '../../bed/control-plane/admin.ts';
import { reportedStatus } from './objects.ts';

/**
 * What a restart by hand takes on the bed's real nodes, to the new healthz: README's Figures, `npm run bench`, median of nine rounds
 * (347 ms), without the write of the file.
 */
const RESTART_MS = 340;
/** Long before the soak is over. */
const REPORT_AFTER_MS = 100;

export interface KubeletOptions {
  readonly admin: Admin;
  readonly node: string;
  /** Hears what the API server would not take. */
  readonly onError: (error: unknown) => void;
}

/** Resolves when a kubelet that was told to restart answers healthz again; its report follows. */
export async function restartKubelet({ admin, node, onError }: KubeletOptions): Promise<void> {
  await sleep(RESTART_MS);
  void sleep(REPORT_AFTER_MS)
    .then(() => admin.send('PATCH', `/api/v1/nodes/${node}/status`, reportedStatus(new Date())))
    .catch(onError);
}
