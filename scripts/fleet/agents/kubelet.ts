// A restarted kubelet as the API server sees it: it reports its node.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin } from '../../bed/control-plane/admin.ts';
import { reportedStatus } from './objects.ts';

/**
 * Duration of a restart on the bed's real nodes, up to the new healthz: docs/explanation/figures.md, `npm run bench`, median of nine rounds
 * (347 ms), without the write of the file.
 */
export const RESTART_MS = 340;
/** Delay of the report after the restart, in ms; much shorter than the soak. */
export const REPORT_AFTER_MS = 100;

export interface KubeletOptions {
  readonly admin: Admin;
  readonly node: string;
  /** Receives the errors of the reports. */
  readonly onError: (error: unknown) => void;
}

/** Resolves when the restarted kubelet would answer healthz; its report follows. */
export async function restartKubelet({ admin, node, onError }: KubeletOptions): Promise<void> {
  await sleep(RESTART_MS);
  void sleep(REPORT_AFTER_MS)
    .then(() => admin.send('PATCH', `/api/v1/nodes/${node}/status`, reportedStatus(new Date())))
    .catch(onError);
}
