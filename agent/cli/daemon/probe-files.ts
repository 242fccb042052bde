// Files for the pod's probes: `ready` exists once the agent has reported; the event loop touches `live`.

import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ProbeFiles {
  /** Creates the file `ready`; further calls do nothing. */
  ready(): void;
  /** Stops touching `live` and removes `ready`. */
  end(): void;
}

const FOLDER = '/run/kubelet-sysctl-agent';
const INTERVAL_MS = 60_000;

/** Touches `live` in `folder` now and every minute, until `end` is called. Throws when the folder cannot be written. */
export function probeFiles(folder = FOLDER): ProbeFiles {
  const live = (): void => writeFileSync(join(folder, 'live'), '');
  let isReady = false;
  live();
  const timer = setInterval(live, INTERVAL_MS);

  return {
    ready() {
      if (!isReady) {
        writeFileSync(join(folder, 'ready'), '');
        isReady = true;
      }
    },
    end() {
      clearInterval(timer);
      rmSync(join(folder, 'ready'), { force: true });
    },
  };
}
