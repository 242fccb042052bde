// Files for the pod's probes: `ready` once the node's report is on the API server, `live` touched by the event loop.

import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ProbeFiles {
  ready(): void;
  end(): void;
}

const FOLDER = '/run/kubelet-sysctl-agent';
const INTERVAL_MS = 60_000;

export function probeFiles(folder = FOLDER): ProbeFiles {
  const live = (): void => writeFileSync(join(folder, 'live'), '');
  let told = false;
  live();
  const timer = setInterval(live, INTERVAL_MS);

  return {
    ready() {
      if (!told) {
        writeFileSync(join(folder, 'ready'), '');
        told = true;
      }
    },
    end() {
      clearInterval(timer);
      rmSync(join(folder, 'ready'), { force: true });
    },
  };
}
